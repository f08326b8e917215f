import Foundation
import Glibc
import Packs
import TestSupport
import Testing

/// The words of `pack` on its source, before it packs anything, and its refusals.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackSourceTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  private func pack(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["pack"] + arguments + ["--threads", "1"], in: directory)
  }

  private func copy(_ names: [String], _ picture: String = "rgb.png") throws {
    for name in names { try folder.copy("\(goldenPhotos)/\(picture)", to: name) }
  }

  @Test func theAccountComesBeforeThePictures() throws {
    try copy(["p/Train/cat/1.png", "p/Train/dog/1.png", "p/Valid/cat/2.png", "p/@eaDir/x.png", "p/.hidden/x.png"])
    try copy(["p/Test/3.png"])
    try folder.write([1], to: "p/Train/cat/notes.txt")
    try folder.write([1], to: "p/Train/cat/scan.tif")
    let outcome = try pack("p", "-o", "p.h5")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(
      outcome.output.hasPrefix(
        """
        pictures   2 to train on, 1 to validate, 2 classes
        training   2 pictures in p/Train
        validation 1 picture in p/Valid
        class 0    cat: 1 training, 1 validation
        class 1    dog: 1 training, 0 validation
        note       p/Valid has no pictures of 1 class: dog
        left out   1 entry that a NAS, a system or a tool keeps for itself: @eaDir
        left out   1 hidden entry: .hidden
        left out   1 file whose names are not those of pictures (1 .txt): Train/cat/notes.txt
        """), "\(outcome.output)")
    #expect(
      outcome.errors.contains(
        """
        prelu-dist: warning: left out 1 picture of formats that are not read (1 .tif): Train/cat/scan.tif. Files of \
        these formats are not read; convert them: mogrify -format png *.tif (ImageMagick).
        prelu-dist: warning: left out 1 picture to test without labels: Test/3.png
        """), "\(outcome.errors)")
  }

  @Test func readingsAreChosenByOptions() throws {
    try copy(["p/train/cat/1.png", "p/train/dog/1.png", "p/extra/cat/2.png", "p/test/cat/3.png"])
    let refused = try pack("p", "-o", "p.h5")
    #expect(refused.exitCode == 65 && refused.errors.contains("--split train=train,test=test"), "\(refused.errors)")
    #expect(try pack("p", "-o", "a.h5", "--split", "train=train,test=test").exitCode == 0)
    #expect(try Pack(folder.file("a.h5")).classNames == ["cat", "dog"])
    #expect(try pack("p", "-o", "b.h5", "--exclude", "extra", "--no-test").exitCode == 0)
    #expect(try Pack(folder.file("b.h5")).images(.test) == nil)
    #expect(try pack("p", "-o", "c.h5", "--split", "train=.", "--exclude", "test").exitCode == 0)
    #expect(try Pack(folder.file("c.h5")).classNames == ["extra", "train"])
  }

  @Test(arguments: [
    (["--split", "validation=val"], "--split names no folder to train on: begin with train=DIR."),
    (["--split", "train=a,train=b"], "--split names the training split twice: name it once."),
    (
      ["--split", "train"],
      "--split takes train=DIR,validation=DIR,test=DIR, of which train is needed, and not 'train'."
    ),
    (["--split", "train=a,val=b", "--validation", "c"], "--split and --validation both name the validation split"),
    (["--no-test", "--test", "t"], "--no-test leaves out the test split that another option names"),
    (["--fold", "6/5"], "--fold takes a fold and the number of folds, 2 to 1000, such as 2/5, not '6/5'."),
    (["--fold", "2"], "--fold takes a fold and the number of folds, 2 to 1000, such as 2/5, not '2'."),
    (["--fold", "1/3", "--hold-out", "4"], "--fold and --hold-out both put pictures aside: give one of them."),
  ])
  func optionsThatMeanNothing(arguments: [String], words: String) throws {
    let outcome = try Program.run(["pack", "p", "-o", "a.h5"] + arguments, in: directory)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(outcome.errors)")
  }

  @Test func picturesOfEveryFormat() throws {
    try copy(["p/a/1.png", "p/a/2.png"])
    try folder.write(Array("P6 2 1 255\n".utf8) + [1, 2, 3, 4, 5, 6], to: "p/b/1.ppm")
    // The content decides, not the name.
    try folder.write(Array("P5 2 1 255\n".utf8) + [7, 8], to: "p/b/2.jpg")
    let webP = "UklGRi4AAABXRUJQVlA4TCIAAAAvEMACAJkyRPQ/NlH/6H+ASNumIu7f7tjxOExATACcB/NT"
    try folder.write(Array(Data(base64Encoded: webP)!), to: "p/b/3.webp")
    let outcome = try pack("p", "-o", "p.h5", "--mean-side", "8", "--mean-crop", "8")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let images = try #require(try Pack(folder.file("p.h5")).images(.training))
    #expect(images.count == 5 && images.extents(of: 4).width == 17)
  }

  // MARK: - Two at once

  /// The lock belongs to this process; the file says who it is.
  @Test func aSecondPackingToTheSameOutputIsRefusedByName() throws {
    try copy(["p/a/1.png", "p/b/1.png"])
    let owner = #"{"host":"elsewhere","process":4711,"started":"2026-01-02T03:04:05Z"}"#
    try folder.write(Array(owner.utf8), to: "p.h5.work/owner.json")
    let descriptor = open(folder.file("p.h5.work/owner.json"), O_RDWR)
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    let refused = try pack("p", "-o", "p.h5")
    #expect(refused.exitCode == 73, "\(refused.errors)")
    #expect(
      refused.errors == """
        prelu-dist: p.h5: expected nobody else who packs to this output, found process 4711 on host elsewhere, since \
        2026-01-02T03:04:05Z. Wait until it has ended, or choose another --output

        """)
    #expect(try folder.bytes("p.h5.work/owner.json") == Array(owner.utf8))
    // Once the other one has ended, in whatever way, its claim counts for nothing.
    // A program that another test starts may have inherited the descriptor: closing it alone would leave it locked.
    flock(descriptor, LOCK_UN)
    close(descriptor)
    #expect(try pack("p", "-o", "p.h5").exitCode == 0)
    let names = try folder.names()
    #expect(names.contains("p.h5") && !names.contains("p.h5.work"), "\(names)")
  }

  /// Both start at the same moment.
  @Test func twoPackingsToTheSameOutput() throws {
    for number in 0..<60 { try copy(["p/\(["a", "b"][number % 2])/\(number).png"]) }
    #expect(try pack("p", "-o", "alone.h5").exitCode == 0)
    for turn in 0..<4 {
      let command = ["pack", "p", "-o", "\(turn).h5", "--threads", "1"]
      let (one, _, errorsOfOne) = try Program.start(command, in: directory)
      let (other, _, errorsOfOther) = try Program.start(command, in: directory)
      one.waitUntilExit()
      other.waitUntilExit()
      let codes = [one.terminationStatus, other.terminationStatus].sorted()
      let words = try [errorsOfOne, errorsOfOther].map { try String(contentsOf: $0, encoding: .utf8) }
      // The second one may also come when the first has ended.
      #expect(codes == [0, 73], "\(words)")
      #expect(
        words.contains { $0.contains("expected nobody else") || $0.contains("there is a file of that name already") },
        "\(words)")
      #expect(try folder.bytes("\(turn).h5") == folder.bytes("alone.h5"))
      #expect(try !folder.names().contains("\(turn).h5.work"))
    }
  }

  // MARK: - In the folder that is packed

  @Test func anInterruptedPackInsideItsOwnFolder() throws {
    for number in 0..<3 { try copy(["p/a/\(number).png", "p/b/\(number).png"]) }
    try folder.write(Array("broken".utf8), to: "p/b/x.png")
    func packHere() throws -> Program.Outcome {
      try Program.run(["pack", ".", "-o", "p.h5", "--threads", "1", "--preview", "2"], in: folder.file("p"))
    }
    #expect(try packHere().exitCode == 65)
    #expect(FileManager.default.fileExists(atPath: folder.file("p/p.h5.work")))
    try FileManager.default.removeItem(atPath: folder.file("p/b/x.png"))
    let again = try packHere()
    #expect(again.exitCode == 0 && again.output.contains("6 to train on, 2 classes"), "\(again.errors)")
    try FileManager.default.moveItem(atPath: folder.file("p/p.h5"), toPath: folder.file("p/old.h5"))
    try FileManager.default.moveItem(
      atPath: folder.file("p/p.h5.preview.png"), toPath: folder.file("p/old.h5.preview.png"))
    #expect(try packHere().output.contains("6 to train on, 2 classes"))
    #expect(try Pack(folder.file("p/p.h5")).classNames == ["a", "b"])
  }

  // MARK: - The same pictures again

  @Test func picturesOfTheSameBytesAreNoted() throws {
    try copy(["p/train/a/1.png", "p/train/b/1.png", "p/val/a/2.png"])
    try copy(["p/val/b/2.png"], "rgb-2.png")
    let outcome = try pack("p", "-o", "p.h5")
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.output.contains(
        """
        note       1 picture to validate has the same bytes as pictures of another split: what they measure was \
        learned by heart
        note       1 picture has the same bytes as pictures of another class
        """), "\(outcome.output)")
    let same = try pack("p/train", "-o", "s.h5", "--validation", "p/train")
    #expect(same.exitCode == 65 && same.errors.contains("found the same 2 pictures"), "\(same.errors)")
  }

  // MARK: - Pipes

  @Test func pipesAreRefused() throws {
    try copy(["p/a/1.png", "p/b/1.png"])
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0 && mkfifo(folder.file("p/a/2.png"), 0o600) == 0)
    let words = "found a pipe or a device"
    for arguments in [["pipe"], ["p", "--class-names", "pipe"], ["p"], ["/dev/null"]] {
      let outcome = try Program.run(["pack", "-o", "p.h5", "--threads", "1"] + arguments, in: directory)
      #expect(outcome.exitCode == 65 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
  }
}
