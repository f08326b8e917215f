import Foundation
import Images
import Packs
import TestSupport
import Testing

/// The search of folders and lists, before any picture is opened: files may be empty here.
@Suite struct PackInputTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func touch(_ names: [String], _ text: String = "") throws {
    for name in names {
      let url = URL(filePath: folder.file(name))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
  }

  private func names(_ listing: PackListing, _ part: PackPart = .training) -> [String] {
    listing.parts[part]?.entries.map { "\($0.name) \($0.label)" } ?? []
  }

  private func problem(_ input: PackInput) -> String {
    do throws(DataError) {
      return "no error but \(try input.listing())"
    } catch {
      return "\(error)"
    }
  }

  @Test func classFoldersInTheOrderOfBytes() throws {
    try touch([
      "b/2.JPG", "b/10.jpg", "B/x.png", "a/deep/er/1.jpeg", "a/0.png", "a/.hidden.png", "a/._0.png", ".git/c.png",
      "a/notes.txt",
      "readme.md",
    ])
    let listing = try PackInput(source: folder.path).listing()
    #expect(listing.classNames == ["B", "a", "b"])
    #expect(names(listing) == ["B/x.png 0", "a/0.png 1", "a/deep/er/1.jpeg 1", "b/10.jpg 2", "b/2.JPG 2"])
    #expect(listing.account.leftOut[.otherFile]?.endings == ["txt": 1, "md": 1])
    #expect(listing.account.leftOut[.hidden]?.count == 3)
    #expect(listing.parts[.validation] == nil)
  }

  @Test func trainAndValidationFolders() throws {
    try touch(["train/cat/1.jpg", "train/dog/1.jpg", "val/dog/9.jpg", "test/cat/5.jpg"])
    let listing = try PackInput(source: folder.path).listing()
    #expect(listing.classFolders == ["cat", "dog"])
    #expect(names(listing) == ["cat/1.jpg 0", "dog/1.jpg 1"])
    #expect(names(listing, .validation) == ["dog/9.jpg 1"])
    #expect(names(listing, .test) == ["cat/5.jpg 0"])
    try touch(["val/bird/1.jpg"])
    #expect(
      problem(PackInput(source: folder.path)) == """
        \(folder.path)/val/bird: expected only classes of \(folder.path)/train, found another one. Both need the same \
        class folders.
        """)
  }

  /// The kit of Tests/Golden/photos.py numbers its three classes 1 = n03000000, 2 = n01000000, 3 = n02000000, and its
  /// four pictures 2, 1, 3, 2.
  @Test func imageNetWithItsDevelopmentKit() throws {
    try touch([
      "train/n01000000/n01000000_1.JPEG", "train/n02000000/n02000000_1.JPEG", "train/n03000000/n03000000_7.JPEG",
    ])
    try touch((1...4).map { "val/ILSVRC2012_val_0000000\($0).JPEG" })
    let kit = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/devkit").path
    let listing = try PackInput(source: folder.path, developmentKit: kit).listing()
    #expect(listing.classFolders == ["n01000000", "n02000000", "n03000000"])
    #expect(listing.classNames == ["first", "second, Zwei", "third, the"])
    #expect(listing.parts[.validation]?.entries.map(\.label) == [0, 2, 1, 0])

    // The kit is found beside the pictures; synsets.txt serves if there is no meta.mat.
    #expect(problem(PackInput(source: folder.path)).contains("--devkit"))
    try touch(["ILSVRC2012_devkit_t12/data/synsets.txt"], "n03000000\nn01000000\nn02000000\n")
    try touch(["ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"], "2\n1\n3\n2\n")
    #expect(try PackInput(source: folder.path).listing().parts[.validation]?.entries.map(\.label) == [0, 2, 1, 0])

    // If training has only some of the classes, pictures of the others are passed over.
    try FileManager.default.removeItem(atPath: folder.file("train/n01000000"))
    let some = try PackInput(source: folder.path).listing()
    #expect(names(some, .validation) == ["ILSVRC2012_val_00000002.JPEG 1", "ILSVRC2012_val_00000003.JPEG 0"])
    #expect(some.account.leftOut[.withoutClass]?.count == 2)
    try touch(["val/ILSVRC2012_val_00000005.JPEG"])
    #expect(
      problem(PackInput(source: folder.path)).contains("ILSVRC2012_val_00000005.JPEG: expected a validation picture"))
  }

  @Test func kagglesImageNet() throws {
    let base = "ILSVRC/Data/CLS-LOC"
    try touch([
      "\(base)/train/n02/n02_1.JPEG", "\(base)/train/n01/n01_1.JPEG", "\(base)/val/ILSVRC2012_val_00000007.JPEG",
    ])
    try touch(["\(base)/test/ILSVRC2012_test_00000001.JPEG"])
    try touch(
      ["LOC_val_solution.csv"], "ImageId,PredictionString\nILSVRC2012_val_00000007,n02 85 1 499 272 n02 1 2 3 4\n")
    try touch(["LOC_synset_mapping.txt"], "n01 tench, Tinca tinca\nn02 goldfish\n")
    let listing = try PackInput(source: folder.path).listing()
    #expect(listing.classNames == ["tench, Tinca tinca", "goldfish"])
    #expect(names(listing, .validation) == ["ILSVRC2012_val_00000007.JPEG 1"])
    #expect(listing.parts[.test] == nil)
    #expect(listing.account.leftOut[.unlabeled]?.count == 1)
  }

  @Test func listFiles() throws {
    try touch(["a b/1.jpg", "c.png", "d.jpg", "e.jpg", "elsewhere/1.jpg", "elsewhere/2.jpg"])
    try touch(["train.txt"], "a b/1.jpg 0\nc.png\t2\r\n\nd.jpg, 1\n")
    try touch(["val.txt"], "e.jpg 2\n")
    let listing = try PackInput(source: folder.file("train.txt"), validation: folder.file("val.txt")).listing()
    #expect(names(listing) == ["a b/1.jpg 0", "c.png 2", "d.jpg 1"])
    #expect(names(listing, .validation) == ["e.jpg 2"])
    #expect(listing.classNames == ["0", "1", "2"])
    #expect(listing.parts[.training]?.folder == folder.path)

    try touch(["words.txt"], "1.jpg dog\n2.jpg cat\n")
    let root = folder.file("elsewhere")
    let words = try PackInput(source: folder.file("words.txt"), root: root).listing()
    #expect(words.classNames == ["cat", "dog"])
    #expect(names(words) == ["1.jpg 1", "2.jpg 0"])
    #expect(words.parts[.training]?.folder == root)

    try touch(["names.txt"], "zero\none\n")
    let named = PackInput(source: folder.file("train.txt"), classNames: folder.file("names.txt"))
    #expect(problem(named).hasSuffix("train.txt: expected labels from 0 to 1, found 2 for c.png."))
    try touch(["broken.txt"], "1.jpg 0\nlonely.jpg\n")
    #expect(
      problem(PackInput(source: folder.file("broken.txt"))).hasSuffix(
        "broken.txt: expected a path and a label in each line, found \"lonely.jpg\" in line 2. Remove the lines of "
          + "pictures without a label, or write it."))
  }

  /// A tab takes precedence over a comma as a separator, and a comma over a blank.
  @Test func classNamesAndPathsWithBlanks() throws {
    try touch([
      "a.jpg", "b c, d.jpg", "a b.jpg", "c.png", "a, b.jpg", "c d.jpg", "e,f.jpg", "without an ending", "or", "b.jpg",
    ])
    func listed(_ text: String) throws -> [String] {
      try touch(["list.txt"], text)
      let listing = try PackInput(source: folder.file("list.txt")).listing()
      return listing.parts[.training]?.entries.map { "\($0.name) is \(listing.classNames[Int($0.label)])" } ?? []
    }
    #expect(
      try listed("a.jpg\tgolden retriever\nb c, d.jpg\tcat, black\n")
        == ["a.jpg is golden retriever", "b c, d.jpg is cat, black"])
    #expect(try listed("a b.jpg,golden retriever\nc.png, cat\n") == ["a b.jpg is golden retriever", "c.png is cat"])
    #expect(try listed("a, b.jpg 1\nc d.jpg 0\ne,f.jpg,1\n") == ["a, b.jpg is 1", "c d.jpg is 0", "e,f.jpg is 1"])
    #expect(try listed("without an ending 1\nor, with commas\n") == ["without an ending is 1", "or is with commas"])
    #expect(try listed("\u{FEFF}a.jpg cat\nb.jpg dog\n") == ["a.jpg is cat", "b.jpg is dog"])
  }

  @Test func classesWithoutPicturesAreKnown() throws {
    try touch(["a.jpg", "b.jpg"])
    try touch(["list.txt"], "a.jpg 1\nb.jpg 3\n")
    var listing = try PackInput(source: folder.file("list.txt")).listing()
    #expect(listing.emptyClasses == [0, 2])
    try touch(["list.txt"], "a.jpg 1\nb.jpg 0\n")
    listing = try PackInput(source: folder.file("list.txt")).listing()
    #expect(listing.emptyClasses == [])
  }

  @Test func whatIsNoDataIsNamed() throws {
    #expect(problem(PackInput(source: folder.file("nowhere"))).contains("nowhere: expected a folder of class folders"))
    #expect(problem(PackInput(source: folder.path)).contains("found an empty folder"))
    try touch(["a/1.jpg"])
    try touch(["b/line\nbreak.jpg"])
    #expect(problem(PackInput(source: folder.path)).contains("expected names without line breaks"))
  }

  /// Linux distinguishes the names, but as Swift strings they are equal.
  @Test func foldersWhoseNamesLookTheSame() throws {
    try touch(["caf\u{E9}/1.jpg", "cafe\u{301}/2.jpg"])
    #expect(
      problem(PackInput(source: folder.path)).hasSuffix(
        """
        : expected class folders of different names, found two whose names show the same letters in different bytes. \
        Rename one of them.
        """))
  }

  @Test func namesInAnotherEncoding() throws {
    try touch(["a/1.jpg"])
    let latin = Array("\(folder.path)/caf".utf8) + [0xE9, 0]
    #expect(mkdir(latin.map { CChar(bitPattern: $0) }, 0o700) == 0)
    #expect(
      problem(PackInput(source: folder.path)) == """
        \(folder.path)/caf\u{FFFD}: expected names in UTF-8, found one in another encoding. Rename it, for instance \
        with convmv -f latin1 -t utf8 --notest.
        """)
  }

  @Test func heldOutPicturesAreTheSameForAll() throws {
    try touch((0..<40).map { "c\($0 % 4)/\($0).jpg" })
    var (a, b) = (try PackInput(source: folder.path).listing(), try PackInput(source: folder.path).listing())
    let all = names(a)
    try a.putAside(.pictures(9))
    try b.putAside(.pictures(9))
    #expect(a == b)
    #expect(names(a).count == 31 && names(a, .validation).count == 9)
    #expect(Set(names(a) + names(a, .validation)) == Set(all))
    #expect(throws: DataError.self) { try b.putAside(.pictures(3)) }
  }

  /// Half of all pictures are put aside, and no class gives its last one.
  @Test func noClassGivesItsLastPicture() throws {
    try touch((0..<50).flatMap { ["c\($0)/1.jpg", "c\($0)/2.jpg"] } + ["single/1.jpg"])
    var listing = try PackInput(source: folder.path).listing()
    try listing.putAside(.pictures(50))
    #expect(listing.emptyClasses.isEmpty && listing.parts[.validation]?.entries.count == 50)
    var greedy = try PackInput(source: folder.path).listing()
    let error = #expect(throws: DataError.self) { try greedy.putAside(.pictures(51)) }
    #expect(
      error?.description == """
        \(folder.path): expected more than the 51 pictures that are to be put aside, and one more of each class to \
        train on, found 101 of 51 classes. Put at most 50 aside.
        """)
  }

  @Test func foldsShareNoPicture() throws {
    try touch((0..<23).map { "a/\($0).jpg" } + (0..<7).map { "b/\($0).jpg" } + ["c/1.jpg"])
    var seen: [String] = []
    for fold in 1...5 {
      var listing = try PackInput(source: folder.path).listing()
      try listing.putAside(.fold(fold, of: 5))
      #expect(listing.emptyClasses.isEmpty && names(listing, .validation).count == 6)
      #expect(names(listing, .validation).contains { $0.hasSuffix(" 1") })
      seen += names(listing, .validation)
    }
    #expect(seen.count == 30 && Set(seen).count == 30)
  }
}
