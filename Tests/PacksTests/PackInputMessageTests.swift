import Foundation
import Images
import Packs
import TestSupport
import Testing

/// The messages about folders, lists and ImageNet's development kit that no pack can be made of.
@Suite struct PackInputMessageTests {
  private let folder: ScratchFolder
  private var path: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func write(_ text: String = "", _ names: String...) throws {
    for name in names { try write(Array(text.utf8), name) }
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    let url = URL(filePath: folder.file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func expect(
    _ message: String, as kind: DataError.Kind = .invalid, sourceLocation: SourceLocation = #_sourceLocation,
    of body: () throws -> Any
  ) {
    let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.kind == kind && error?.description == message, sourceLocation: sourceLocation)
  }

  @Test func folders() throws {
    try write("", "a.jpg", "b.txt")
    expect(
      """
      \(path): expected a folder with a folder of pictures for each class, found 2 files and no folder. Pictures \
      without class folders need a list file of paths and labels.
      """
    ) { try PackInput(source: path).listing() }
    try write("", "train/ant/1.jpg", "train/bee/2.jpg", "val/ant/3.jpg")
    expect(
      "nowhere: expected the validation pictures, found that it cannot be opened (No such file or directory).",
      as: .missing
    ) { try PackInput(source: folder.file("train"), validation: "nowhere").listing() }
    try write("a\nb\nc\n", "names.txt")
    expect(
      """
      \(path)/names.txt: expected 2 class names, or a line that begins with each class's folder, found 3 lines.
      """
    ) { try PackInput(source: folder.file("train"), classNames: folder.file("names.txt")).listing() }
  }

  @Test func aLinkThatLeadsBack() throws {
    try write("", "ant/1.jpg")
    try FileManager.default.createSymbolicLink(atPath: folder.file("ant/up"), withDestinationPath: "..")
    let error = #expect(throws: DataError.self) { try PackInput(source: path).listing() }
    #expect(error?.path.hasPrefix("\(path)/ant/up/ant/up") == true)
    #expect(
      error?.description.hasSuffix(
        ": expected folders not deeper than 32, found deeper ones. A link may lead back to a folder above.") == true)
  }

  @Test func holdingOut() throws {
    try write("", "train/ant/1.jpg", "train/bee/2.jpg", "val/ant/3.jpg")
    expect(
      """
      \(path)/train: expected no validation split, since pictures are to be put aside for one, found one with 1 \
      picture. Leave out --hold-out.
      """
    ) {
      var listing = try PackInput(source: path).listing()
      try listing.putAside(.pictures(1))
      return listing
    }
    expect(
      """
      \(path)/train: expected more than the 1 picture that is to be put aside, and one more of each class to train on, \
      found 2 of 2 classes. Put at most 0 aside.
      """
    ) {
      var listing = try PackInput(source: folder.file("train")).listing()
      try listing.putAside(.pictures(1))
      return listing
    }
  }

  @Test func developmentKit() throws {
    let truth = "ILSVRC2012_validation_ground_truth.txt"
    func listing(_ kit: String? = nil) throws -> PackListing {
      try PackInput(source: path, developmentKit: kit).listing()
    }
    try write("", "train/n01/1.JPEG", "val/ILSVRC2012_val_00000001.JPEG")
    expect(
      """
      \(path)/val: expected a folder for each class, found only pictures. If they are ImageNet's, give its \
      development kit with --devkit, or Kaggle's LOC_val_solution.csv; otherwise name the labels in a list file.
      """
    ) { try listing() }
    expect(
      """
      nowhere: expected ImageNet's development kit with data/\(truth), found no such file. Give \
      ILSVRC2012_devkit_t12, unpacked or as the archive, or Kaggle's LOC_val_solution.csv.
      """, as: .missing
    ) { try listing("nowhere") }
    let kit = folder.file("kit")
    try write("1\n9\n", "kit/data/\(truth)")
    try write("n01\nn02\n", "kit/data/synsets.txt")
    expect(
      """
      \(kit)/data/\(truth): expected the number of a class in each line, found "9" in line 2, which the kit's synsets \
      do not have.
      """
    ) { try listing(kit) }
    try write("2\n1\n", "kit/data/\(truth)")
    expect(
      """
      \(path)/val: expected pictures of the classes that training has, found none of them by the labels of \
      \(kit)/data. The training folders must be named by ImageNet's identifiers, such as n01440764.
      """
    ) { try listing(kit) }
    try write("", "val/other.JPEG")
    expect(
      """
      \(path)/val/other.JPEG: expected a validation picture that the development kit labels, found a name that it does \
      not have.
      """
    ) { try listing(kit) }
    try write([0x61, 0xFF], "solution.csv")
    expect("\(path)/solution.csv: expected Kaggle's LOC_val_solution.csv, found bytes that are not UTF-8 text.") {
      try listing(folder.file("solution.csv"))
    }
  }

  @Test func matlabFiles() throws {
    try write("", "train/n01/1.JPEG", "val/ILSVRC2012_val_00000001.JPEG")
    try write("1\n", "kit/ILSVRC2012_validation_ground_truth.txt")
    let (kit, file) = (folder.file("kit"), folder.file("kit/meta.mat"))
    func listing() throws -> PackListing { try PackInput(source: path, developmentKit: kit).listing() }
    try write("synsets\n", "kit/meta.mat")
    expect("\(file): expected a MATLAB file of version 5, found text that begins with \"synsets\".") { try listing() }
    // The file has a header and an empty matrix.
    let header = Array("MATLAB 5.0".utf8) + [UInt8](repeating: 0, count: 114) + [0, 1, 0x49, 0x4D]
    try write(header + [14, 0, 0, 0, 0, 0, 0, 0], "kit/meta.mat")
    expect("\(file): expected a MATLAB file of version 5 with structures named synsets, found none.") { try listing() }
  }

  @Test func lists() throws {
    let list = folder.file("list.txt")
    func listing(_ names: String? = nil) throws -> PackListing {
      try PackInput(source: list, classNames: names).listing()
    }
    try write(" \n\n", "list.txt")
    expect("\(list): expected a list of paths and labels, found no line.") { try listing() }
    try write([0x61, 0x20, 0xFF], "list.txt")
    expect("\(list): expected a list of paths and labels, found bytes that are not UTF-8 text.") { try listing() }
    try write("\(String(repeating: "a", count: 1001)) 1\n", "list.txt")
    let shown = String(repeating: "a", count: 60)
    expect(
      "\(list): expected paths without line breaks and zeros, of at most 1000 bytes, found \"\(shown)\" in line 1."
    ) { try listing() }
    try write("ant\nbee\n", "names.txt")
    try write("1.jpg ant\n2.jpg cat\n", "list.txt")
    expect(
      "\(list): expected the name of a class, found cat for 2.jpg. Labels are all numbers, or all names."
    ) { try listing(folder.file("names.txt")) }
  }
}
