import Foundation
import Images
import Packs
import TestSupport
import Testing

/// Tests of what archives mean: the same as the folders that they were made of.
@Suite struct ArchiveSourceTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ archive: TestArchive, _ name: String, _ format: TestArchive.Format = .gnu) throws {
    try folder.write(archive.bytes(format), to: name)
  }

  private func archive(_ names: [String], _ bytes: [UInt8] = [1]) -> TestArchive {
    var archive = TestArchive()
    for name in names { archive.add(name, bytes) }
    return archive
  }

  private func entries(_ listing: PackListing, _ part: PackPart) -> [String] {
    listing.parts[part]?.entries.map { "\($0.name) \($0.label)" } ?? []
  }

  private func message(_ input: PackInput) -> String {
    do throws(DataError) {
      _ = try input.listing()
      return "nothing"
    } catch {
      return error.description.replacing("\(folder.path)/", with: "")
    }
  }

  // MARK: - Folders in archives

  @Test(arguments: TestArchive.Format.allCases) func anArchiveMeansWhatItsFolderMeans(
    format: TestArchive.Format
  ) throws {
    let names = [
      "photos/val/10/a.jpg", "photos/train/9/b.jpg", "photos/train/10/c.jpg", "photos/train/9/deep/d.jpg",
      "photos/train/9/notes.txt", "photos/train/@eaDir/x.jpg", "photos/train/.hidden/x.jpg", "photos/readme.md",
    ]
    for name in names { try folder.write([1], to: "unpacked/\(name)") }
    let name = "photos.\(format.ending)"
    try write(archive(names.reversed()), name, format)
    let unpacked = try PackInput(source: folder.file("unpacked")).listing()
    let packed = try PackInput(source: folder.file(name)).listing()
    for part in PackPart.allCases { #expect(entries(packed, part) == entries(unpacked, part)) }
    #expect(packed.classFolders == ["9", "10"] && packed.account.leftOut == unpacked.account.leftOut)
    #expect(packed.parts[.training]?.folder == folder.file("\(name)/photos/train"))
  }

  @Test func exclusionsAndSplitsReachIntoArchives() throws {
    var archive = archive(["a/cat/1.jpg", "a/dog/2.jpg", "b/cat/3.jpg", "a/dog/x.jpg"])
    archive.add("a/dog/link.jpg", .symbolicLink("2.jpg"))
    try write(archive, "p.tar")
    var input = PackInput(source: folder.file("p.tar"))
    input.split = [.training: "a", .validation: "b"]
    #expect(
      message(input) == """
        p.tar/a/dog/link.jpg: expected files and folders in an archive, found a link to "2.jpg". Make the archive with \
        the files themselves (tar --dereference --hard-dereference), or leave it out: --exclude 'link.jpg'.
        """)
    input.exclude = ["link.jpg", "x.*"]
    let listing = try input.listing()
    #expect(entries(listing, .training) == ["cat/1.jpg 0", "dog/2.jpg 1"])
    #expect(entries(listing, .validation) == ["cat/3.jpg 0"])
    #expect(listing.account.leftOut[.excluded]?.count == 2)
  }

  @Test func laterMembersAreNoted() throws {
    try write(archive(["cat/1.jpg", "dog/2.jpg", "cat/1.jpg"]), "p.tar")
    #expect(
      try PackInput(source: folder.file("p.tar")).listing().account.notes == [
        "1 member of \(folder.file("p.tar")) is replaced by later members of the same names, as in unpacking"
      ])
  }

  @Test func listsOfPicturesInAnArchive() throws {
    try write(archive(["pics/1.jpg", "pics/2.png"]), "pics.zip", .zip)
    try folder.write(Array("pics/1.jpg,cat\npics\\2,dog\n".utf8), to: "list.csv")
    let listing = try PackInput(source: folder.file("list.csv"), root: folder.file("pics.zip")).listing()
    #expect(entries(listing, .training) == ["pics/1.jpg 0", "pics/2.png 1"])
    try folder.write(Array("pics/3.jpg,cat\n".utf8), to: "list.csv")
    #expect(
      message(PackInput(source: folder.file("list.csv"), root: folder.file("pics.zip"))) == """
        list.csv: expected files at the paths of its lines, found that pics.zip/pics/3.jpg of line 1 is missing. \
        Is pics.zip/pics/1.jpg meant? Paths are relative to pics.zip; --root DIR names another folder.
        """)
  }

  // MARK: - Several sources

  /// The kit of Tests/Golden/photos.py numbers its three classes 1 = n03000000, 2 = n01000000, 3 = n02000000, and its
  /// four pictures 2, 1, 3, 2.
  @Test func imageNetsThreeArchives() throws {
    var training = TestArchive()
    for name in ["n02000000", "n01000000", "n03000000"] {
      training.add("\(name).tar", try archive(["\(name)_2.JPEG", "\(name)_1.JPEG"]).bytes(.gnu))
    }
    try write(training, "ILSVRC2012_img_train.tar")
    try write(archive((1...4).reversed().map { "ILSVRC2012_val_0000000\($0).JPEG" }), "ILSVRC2012_img_val.tar")
    try write(archive((1...3).map { "ILSVRC2012_test_0000000\($0).JPEG" }), "ILSVRC2012_img_test.tar")
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/devkit/data")
    var kit = TestArchive()
    kit.add("ILSVRC2012_devkit_t12/readme.txt", Array("words".utf8))
    for name in try FileManager.default.contentsOfDirectory(atPath: golden.path) {
      kit.add("ILSVRC2012_devkit_t12/data/\(name)", Array(try Data(contentsOf: golden.appending(path: name))))
    }
    try write(kit, "kit.tar.gz", .tarGzip)
    let names = ["ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "kit.tar.gz", "ILSVRC2012_img_test.tar"]
    for turn in 0..<4 {
      let sources = (0..<4).map { folder.file(names[($0 + turn) % 4]) }
      var input = PackInput(source: sources[0])
      input.others = Array(sources.dropFirst())
      let listing = try input.listing()
      #expect(listing.classFolders == ["n01000000", "n02000000", "n03000000"])
      #expect(listing.classNames == ["first", "second, Zwei", "third, the"])
      #expect(
        entries(listing, .training).prefix(2) == ["n01000000/n01000000_1.JPEG 0", "n01000000/n01000000_2.JPEG 0"])
      #expect(listing.parts[.validation]?.entries.map(\.label) == [0, 2, 1, 0])
      #expect(listing.parts[.test] == nil && listing.account.leftOut[.unlabeled]?.count == 3)
    }
    // The kit is also found beside the others, by its usual name.
    try FileManager.default.moveItem(
      atPath: folder.file("kit.tar.gz"), toPath: folder.file("ILSVRC2012_devkit_t12.tar.gz"))
    var input = PackInput(source: folder.file(names[0]), validation: folder.file(names[1]))
    #expect(try input.listing().parts[.validation]?.entries.map(\.label) == [0, 2, 1, 0])
    input.developmentKit = folder.file("ILSVRC2012_devkit_t12.tar.gz")
    #expect(try input.listing().parts[.validation]?.entries.map(\.label) == [0, 2, 1, 0])
  }

  @Test func sourcesWhoseNamesDoNotTell() throws {
    try write(archive(["cat/1.jpg"]), "train.tar")
    try write(archive(["cat/1.jpg"]), "training.zip", .zip)
    try write(archive(["cat/1.jpg"]), "more.tar")
    try write(archive(["cat/1.jpg"]), "val.tar")
    func message(_ names: String...) -> String {
      var input = PackInput(source: folder.file(names[0]))
      input.others = names.dropFirst().map(folder.file)
      return self.message(input)
    }
    #expect(
      message("train.tar", "more.tar") == """
        more.tar: expected a source whose name tells what it is, beside others, found a name without train, val or \
        test, and no development kit. Give the source to train on alone, and name the others with --validation, --test \
        and --devkit.
        """)
    #expect(
      message("train.tar", "training.zip") == """
        training.zip: expected one source for the training split, found train.tar as well. Give one of them, or put \
        their pictures into one folder.
        """)
    #expect(
      message("val.tar", "val.tar").hasPrefix("val.tar: expected one source for the validation split, found val.tar"))
    #expect(message("val.tar", "nowhere.tar").hasPrefix("nowhere.tar: expected a folder of class folders"))
    var input = PackInput(source: folder.file("train.tar"), validation: folder.file("val.tar"))
    input.others = [folder.file("val.tar")]
    #expect(self.message(input).contains("expected one source for the validation split, found val.tar as well"))
  }

  // MARK: - Pairs

  private func shard(_ keys: [String], _ label: (String) -> (ending: String, text: String)) -> TestArchive {
    var archive = TestArchive()
    for key in keys {
      let (ending, text) = label(key)
      archive.add("\(key).\(ending)", Array(text.utf8))
      archive.add("\(key).jpg", [1])
    }
    return archive
  }

  @Test(arguments: [TestArchive.Format.ustar, .tarGzip]) func shardsOfPairs(format: TestArchive.Format) throws {
    let end = format.ending
    try write(shard(["0002", "0001"]) { ("cls", $0 == "0001" ? "1" : "0\n") }, "train-000000.\(end)", format)
    try write(shard(["0001", "b/0001"]) { _ in ("cls", "2") }, "train-000001.\(end)", format)
    try write(shard(["7"]) { _ in ("cls", "1") }, "val-000000.\(end)", format)
    var input = PackInput(source: folder.file("train-000000.\(end)"))
    input.others = ["train-000001.\(end)", "val-000000.\(end)"].map(folder.file)
    let listing = try input.listing()
    #expect(listing.classNames == ["0", "1", "2"])
    #expect(
      entries(listing, .training) == [
        "train-000000.\(end)/0002.jpg 0", "train-000000.\(end)/0001.jpg 1", "train-000001.\(end)/0001.jpg 2",
        "train-000001.\(end)/b/0001.jpg 2",
      ])
    #expect(entries(listing, .validation) == ["val-000000.\(end)/7.jpg 1"])
    #expect(listing.account.notes[0] == "\(input.source) holds pairs: a .cls beside each picture")
    input.others = []
    input.validation = folder.file("val-000000.\(end)")
    #expect(try entries(input.listing(), .validation) == ["val-000000.\(end)/7.jpg 1"])
  }

  @Test func pairsWithJSON() throws {
    var archive = shard(["1", "2"]) { ("json", #"{"width": 5, "label": "\#($0 == "1" ? "dog" : "cat")"}"#) }
    archive.add("1.seg.png", [1])
    try write(archive, "shard.tar")
    let listing = try PackInput(source: folder.file("shard.tar")).listing()
    #expect(listing.classNames == ["cat", "dog"])
    #expect(entries(listing, .training) == ["shard.tar/1.jpg 1", "shard.tar/2.jpg 0"])
    #expect(
      listing.account.notes == ["\(folder.file("shard.tar")) holds pairs: a .json with label beside each picture"])
    #expect(listing.account.leftOut[.otherFile]?.examples == ["1.seg.png"])
    // Descriptions in class folders are not labels.
    try write(
      self.archive(["cat/1.jpg", "cat/1.json", "dog/2.jpg", "dog/2.json"], Array(#"{"label": 3}"#.utf8)), "classes.tar")
    #expect(
      try entries(PackInput(source: folder.file("classes.tar")).listing(), .training) == [
        "cat/1.jpg 0", "dog/2.jpg 1",
      ])
  }

  @Test func pairsThatAreNone() throws {
    var archive = shard(["1", "2"]) { _ in ("cls", "0") }
    archive.add("3.jpg", [1])
    try write(archive, "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar"))) == """
        a.tar/3.jpg: expected 3.cls beside it, as beside other pictures, found none. Leave the picture out with \
        --exclude, or add its label.
        """)
    archive = shard(["1", "2"]) { _ in ("cls", "0") }
    archive.add("1.png", [1])
    try write(archive, "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar"))) == """
        a.tar: expected one picture of each name, found 1.jpg and 1.png. Leave one kind of them out with --exclude.
        """)
    try write(shard(["1"]) { _ in ("cls", "") }, "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar")))
        == "a.tar/1.cls: expected a class's number or name, found an empty file.")
    try write(shard(["1"]) { _ in ("json", #"{"caption": "a cat"}"#) }, "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar"))).hasPrefix("a.tar/1.json: expected a label under one of cls,"))
    try write(shard(["1", "2"]) { ("cls", $0 == "1" ? "7" : "007") }, "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar"))) == """
        a.tar: expected one spelling of each label, found 7 in the label beside a.tar/1.jpg and 007 in the label \
        beside a.tar/2.jpg, which are the same number. Write both alike if they are one class, or names such as id-007 \
        if they are two.
        """)
    try write(shard(["1"]) { _ in ("cls", "0") }, "a.tar")
    try write(self.archive(["cat/1.jpg"]), "b.tar")
    var input = PackInput(source: folder.file("a.tar"))
    input.others = [folder.file("b.tar")]
    #expect(
      message(input) == """
        b.tar: expected an archive of pictures with a .cls or a .json beside each, found another source. a.tar is \
        one, so that all have to be. Pack the others by themselves.
        """)
    try write(shard(["1"]) { _ in ("cls", "0") }, "train-1.tar")
    input.others = [folder.file("train-1.tar")]
    #expect(
      message(input) == """
        a.tar: expected shards whose names all tell their split, or none of them, found some that do. Rename it to \
        train-…, val-… or test-….
        """)
  }

  /// Tests of a label beside which no picture lies: it is refused, as a picture without a label is.
  @Test func labelsWithoutTheirPictures() throws {
    let input = PackInput(source: folder.file("a.tar"))
    var archive = shard(["0"]) { _ in ("cls", "0") }
    for name in ["1.cls", "._1.cls", "2.cls"] { archive.add(name, Array("1".utf8)) }
    try write(archive, "a.tar")
    #expect(
      message(input) == """
        a.tar/1.cls: expected a picture beside it, as beside other labels, found none; 1 more label has none: 2.cls. \
        Add what is missing, or leave the label out: --exclude '1.*'.
        """)
    var excluding = input
    excluding.exclude = ["1.*", "2.*"]
    #expect(try entries(excluding.listing(), .training) == ["a.tar/0.jpg 0"])
    archive = shard(["0"]) { _ in ("json", #"{"label": 0}"#) }
    archive.add("1.json", Array(#"{"label": 1}"#.utf8))
    archive.add("stats.json", Array(#"{"count": 1}"#.utf8))
    try write(archive, "a.tar")
    #expect(
      message(input) == """
        a.tar/1.json: expected a picture beside it, as beside other labels, found none. Add what is missing, or leave \
        the label out: --exclude '1.*'.
        """)
    archive.add("1.jpg", [1])
    archive.add("2.jpg", [1])
    try write(archive, "a.tar")
    #expect(message(input).hasPrefix("a.tar/2.jpg: expected 2.json beside it, as beside other pictures, found none."))
    archive = shard(["0"]) { _ in ("cls", "0") }
    archive.add("b/1.cls", [0x31])
    archive.add("b/1.bmp", [1])
    try write(archive, "a.tar")
    #expect(
      message(input) == """
        a.tar/b/1.cls: expected a picture beside it, as beside other labels, found only b/1.bmp. Files of these \
        formats are not read; convert them: mogrify -format png *.bmp (ImageMagick). Add what is missing, or leave the \
        label out: --exclude '1.*'.
        """)
    archive = TestArchive()
    archive.add("1.cls", [0x31])
    try write(archive, "a.tar")
    #expect(message(input).hasPrefix("a.tar/1.cls: expected a picture beside it, found none."))
  }

  /// A sample's name ends at the first dot.
  @Test func namesWithDots() throws {
    func write(_ members: [(String, String)]) throws {
      var archive = TestArchive()
      for (name, text) in members { archive.add(name, Array(text.utf8)) }
      try self.write(archive, "a.tar")
    }
    var input = PackInput(source: folder.file("a.tar"))
    try write([("0.input.jpg", "."), ("0.cls", "0"), ("1.input.png", "."), ("1.cls", "1")])
    let listing = try input.listing()
    #expect(entries(listing, .training) == ["a.tar/0.input.jpg 0", "a.tar/1.input.png 1"])
    #expect(
      listing.account.notes == [
        "\(folder.file("a.tar")) holds pairs: a .cls beside each picture, such as 0.cls beside 0.input.jpg"
      ])
    try write([("a.1.jpg", "."), ("a.1.cls", "0"), ("b.2.jpg", "."), ("b.2.cls", "1")])
    #expect(try entries(input.listing(), .training) == ["a.tar/a.1.jpg 0", "a.tar/b.2.jpg 1"])
    try write([("a.1.jpg", "."), ("a.1.cls", "0"), ("a.2.jpg", "."), ("a.2.cls", "1")])
    #expect(
      message(input) == """
        a.tar: expected one picture of each name up to the first dot, a sample's name, found a.1.jpg and a.2.jpg. \
        Leave one kind of them out with --exclude, such as '*.2.*', or, if they are two samples, put another character \
        in place of the dots inside names.
        """)
    try write([("a.jpg", "."), ("a.cls", "0"), ("a.2.jpg", "."), ("a.2.cls", "1")])
    #expect(message(input).contains("found a.jpg and a.2.jpg. Leave one kind of them out"))
    try write([("0.input.jpg", "."), ("0.cls", "0"), ("1.jpg", "."), ("1.cls", "1")])
    #expect(message(input).hasPrefix("a.tar/0.cls: expected a picture beside it, as beside other labels, found only "))
    // A mask does not stand in for a picture, nor one label for another.
    try write([("0.input.jpg", "."), ("0.cls", "0"), ("1.mask.png", "."), ("1.cls", "1")])
    #expect(
      message(input) == """
        a.tar: expected a picture and a .cls of the same kinds in each sample, whose files have the same names up to \
        the first dot, found 1.cls beside 1.mask.png, unlike beside 0.input.jpg. Leave the other kinds out with \
        --exclude, or add what is missing.
        """)
    try write([("0.jpg", "."), ("0.fine.cls", "0"), ("0.coarse.cls", "1")])
    #expect(message(input).contains("found 0.fine.cls and 0.coarse.cls beside 0.jpg. Leave the other kinds out"))
    input.exclude = ["*.coarse.*"]
    #expect(try entries(input.listing(), .training) == ["a.tar/0.jpg 0"])
  }

  @Test func archivesThatAreNone() throws {
    try folder.write([], to: "a.tar")
    #expect(
      message(PackInput(source: folder.file("a.tar"))) == """
        a.tar: expected an archive, as its name says, found an empty file. Copy or download it again, or give it \
        another name if it is a list.
        """)
    try folder.write(Array("<html>sign in</html>".utf8), to: "b.tar.gz")
    #expect(message(PackInput(source: folder.file("b.tar.gz"))).contains("b.tar.gz: expected an archive, as its name"))
    try write(archive(["cat/1.jpg"]), "c.tar")
    #expect(
      message(PackInput(source: folder.file("c.tar"), validation: folder.file("b.tar.gz"))).hasPrefix("b.tar.gz: "))
    try folder.write([UInt8](repeating: 0, count: 10_240), to: "d.tar")
    #expect(message(PackInput(source: folder.file("d.tar"))).contains("found an archive without members."))
    try write(archive(["1.jpg", "1.txt"]), "e.tar")
    #expect(
      message(PackInput(source: folder.file("e.tar"))) == """
        e.tar: expected a folder with a folder of pictures for each class, found 2 files and no folder. Pictures \
        without class folders need a list file of paths and labels, or each a .cls or a .json of its name with its \
        label beside it, as in WebDataset.
        """)
  }

  /// Swift takes the names of these two for equal.
  @Test func archivesWhoseNamesShowTheSameLetters() throws {
    try write(archive(["a/1.jpg", "b/2.jpg"]), "caf\u{E9}.tar")
    try write(archive(["a/3.jpg", "b/4.jpg"]), "cafe\u{301}.tar")
    let listing = try PackInput(source: folder.file("caf\u{E9}.tar"), validation: folder.file("cafe\u{301}.tar"))
      .listing()
    #expect(entries(listing, .training) == ["a/1.jpg 0", "b/2.jpg 1"])
    #expect(entries(listing, .validation) == ["a/3.jpg 0", "b/4.jpg 1"])
  }

  @Test func archivesBesidePicturesInAnArchive() throws {
    var outer = archive(["a/1.jpg", "b/2.jpg"])
    outer.add("c.tar", try archive(["3.jpg"]).bytes(.gnu))
    try write(outer, "p.tar")
    let listing = try PackInput(source: folder.file("p.tar")).listing()
    #expect(listing.classNames == ["a", "b"] && listing.account.leftOut[.archive]?.examples == ["c.tar"])
  }
}
