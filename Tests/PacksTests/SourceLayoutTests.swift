import Foundation
import Images
import Packs
import TestSupport
import Testing

/// The meaning of folders: what is a split, what is a class, and what is nobody's picture.
@Suite struct SourceLayoutTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func touch(_ names: [String]) throws { for name in names { try folder.write([], to: name) } }

  private func listing(_ set: (inout PackInput) -> Void = { _ in }) throws -> PackListing {
    var input = PackInput(source: folder.path)
    set(&input)
    return try input.listing()
  }

  private func names(_ listing: PackListing, _ part: PackPart = .training) -> [String] {
    listing.parts[part]?.entries.map { "\($0.name) \($0.label)" } ?? []
  }

  private func problem(_ set: (inout PackInput) -> Void = { _ in }) -> String {
    do { return "no error but \(try listing(set))" } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("Train", "Test", PackPart.test), ("train", "valid", .validation), ("Training", "Testing", .test),
    ("TRAIN", "VAL", .validation), ("training_set", "test_set", .test), ("seg_train", "seg_test", .test),
    ("train-images", "validation images", .validation), ("train2017", "val2017", .validation),
    ("train", "dev", .validation),
  ])
  func splitsUnderTheirUsualNames(training: String, other: String, part: PackPart) throws {
    try touch(["\(training)/cat/1.jpg", "\(training)/dog/1.jpg", "\(other)/cat/2.jpg", "\(other)/dog/3.jpg"])
    let listing = try listing()
    #expect(listing.classNames == ["cat", "dog"])
    #expect(names(listing) == ["cat/1.jpg 0", "dog/1.jpg 1"])
    #expect(names(listing, part) == ["cat/2.jpg 0", "dog/3.jpg 1"])
    #expect(listing.parts.count == 2)
  }

  @Test func foldersThatMayBeSplitsOrClassesAreRefused() throws {
    try touch(["train/cat/1.jpg", "train/dog/1.jpg", "extra/cat/2.jpg"])
    #expect(
      problem() == """
        \(folder.path): expected folders that can be read in one way, found train beside extra, which holds pictures, \
        too: the first are splits and the others are not data, or all of them are classes. For splits: --split \
        train=train. For classes: --split train=. (--exclude PATTERN leaves folders out; pictures without class \
        folders need a list file of paths and labels.)
        """)
    #expect(try listing { $0.split = [.training: "train"] }.classNames == ["cat", "dog"])
    #expect(try listing { $0.split = [.training: "."] }.classNames == ["extra", "train"])
    #expect(try listing { $0.exclude = ["extra"] }.classNames == ["cat", "dog"])
  }

  @Test(arguments: [
    ["Train/a/1.jpg", "train/b/1.jpg"], ["train/a/1.jpg", "val/a/1.jpg", "dev/a/2.jpg"],
    ["val/a/1.jpg", "test/a/1.jpg"],
    ["train/1.jpg", "test/2.jpg"], ["valid/1.jpg", "test/2.jpg"], ["test/a/1.jpg", "test/b/1.jpg"],
    ["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/1.jpg"], ["trainval/a/1.jpg", "test/a/2.jpg"],
    ["train/a/1.jpg", "seg_pred/1.jpg"],
  ])
  func ambiguousFoldersAreRefusedWithTheOption(files: [String]) throws {
    try touch(files)
    #expect(problem().contains("expected folders that can be read in one way"), "\(problem())")
    #expect(problem().contains("--split"), "\(problem())")
  }

  /// A class may be called as a split is: here there is nothing to train on if it is one.
  @Test(arguments: [
    ["valid/1.jpg", "invalid/2.jpg"], ["train/1.jpg", "car/1.jpg", "bus/2.jpg"], ["test/1.jpg", "control/1.jpg"],
  ])
  func classesThatAreCalledAsSplitsAre(files: [String]) throws {
    try touch(files)
    let listing = try listing()
    #expect(Set(listing.classNames) == Set(files.map { String($0.prefix { $0 != "/" }) }))
    #expect(listing.account.notes.contains { $0.contains("is taken for a class") })
  }

  @Test func splitsInsideClassFolders() throws {
    try touch(["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg", "dog/test/4.jpg"])
    #expect(problem().contains("--split 'train=*/train,test=*/test'"), "\(problem())")
    let split = try listing { $0.split = [.training: "*/train", .test: "*/test"] }
    #expect(names(split) == ["cat/train/1.jpg 0", "dog/train/3.jpg 1"])
    #expect(names(split, .test) == ["cat/test/2.jpg 0", "dog/test/4.jpg 1"])
    #expect(try listing { $0.split = [.training: "."] }.parts[.training]?.entries.count == 4)
  }

  @Test func foldersAroundFolders() throws {
    try touch(["photos/data/cat/1.jpg", "photos/data/dog/1.jpg", "photos/readme.txt"])
    let listing = try listing()
    #expect(listing.classNames == ["cat", "dog"] && listing.account.notes.count == 2)
    try touch(["photos/data/train/cat/1.jpg"])
    #expect(problem().contains("found train beside cat, dog"), "\(problem())")
  }

  /// Labels or masks lie beside the folder of pictures.
  @Test func whatLiesBesideTheOnlyFolderWithPictures() throws {
    try touch(["o/images/cat/1.jpg", "o/images/dog/1.jpg", "o/labels/1.txt", "o/masks/deep/1.tif", "o/readme.md"])
    let listing = try listing()
    #expect(listing.classNames == ["cat", "dog"])
    #expect(
      listing.account.notes == [
        "\(folder.path)/o is the only folder in \(folder.path): taken for what was meant",
        "\(folder.path)/o/images is the only folder with pictures in \(folder.path)/o: taken for what was meant",
      ])
    #expect(listing.account.leftOut[.emptyFolder]?.examples == ["o/labels", "o/masks"])
    #expect(listing.account.leftOut[.otherFile]?.examples == ["o/readme.md", "o/labels/1.txt"])
    #expect(listing.account.leftOut[.otherFormat]?.examples == ["o/masks/deep/1.tif"])
  }

  /// Masks are no class beside the pictures that they belong to.
  @Test(arguments: [
    ["images/a/1.jpg", "images/b/1.jpg", "masks/a/1.png", "masks/b/1.png"],
    ["images/1.jpg", "annotations/trimaps/1.png"], ["JPEGImages/a/1.jpg", "SegmentationClass/1.png"],
  ])
  func masksAreNoClass(files: [String]) throws {
    try touch(files)
    let (pictures, other) = (files[0].prefix { $0 != "/" }, files[files.count - 1].prefix { $0 != "/" })
    #expect(
      problem() == """
        \(folder.path): expected folders that can be read in one way, found \(pictures) beside \(other), which holds \
        pictures, too: the second belongs to the first, whose folders are the classes, or both are classes. For the \
        first: --exclude '\(other)'. For classes: --split train=.
        """)
    #expect(try Set(listing { $0.split = [.training: "."] }.classNames) == Set([pictures, other].map(String.init)))
  }

  @Test func masksInsideASplitAreNoClassEither() throws {
    try touch(["train/photos/1.jpg", "train/depth/1.png", "val/photos/2.jpg", "val/depth/2.png"])
    #expect(
      problem().hasSuffix(
        "For the first: --exclude 'depth'. For classes: name the folders of all splits, such as --split train=train."),
      "\(problem())")
    let listing = try listing { $0.split = [.training: "train", .validation: "val"] }
    #expect(listing.classNames == ["depth", "photos"] && listing.parts.count == 2)
  }

  /// A class whose pictures are not read is not passed by on the way to folders inside another one.
  @Test func aClassOfAnotherFormatStaysOne() throws {
    try touch(["p/cat/indoor/1.jpg", "p/cat/outdoor/1.jpg", "p/dog/1.tif"])
    #expect(problem().contains("p/dog: expected pictures of a class ("), "\(problem())")
    #expect(try listing { $0.exclude = ["dog"] }.classNames == ["indoor", "outdoor"])
  }

  /// The same inside the folder of a split, and beside splits.
  @Test func whatLiesBesideFoldersOfSplits() throws {
    try touch(["train/images/a/1.jpg", "train/labels/1.txt", "val/a/2.jpg", "info/1.bmp", "info/notes.txt"])
    let listing = try listing()
    #expect(names(listing) == ["a/1.jpg 0"] && names(listing, .validation) == ["a/2.jpg 0"])
    #expect(listing.account.leftOut[.emptyFolder]?.examples == ["train/labels", "info"])
    #expect(listing.account.leftOut[.otherFile]?.examples == ["train/labels/1.txt", "info/notes.txt"])
    #expect(listing.account.leftOut[.otherFormat]?.examples == ["info/1.bmp"])
  }

  @Test func aFolderInAFolderOfItsName() throws {
    try touch(["seg_train/seg_train/a/1.jpg", "seg_train/seg_train/b/1.jpg", "seg_test/seg_test/a/2.jpg"])
    let listing = try listing()
    #expect(listing.classNames == ["a", "b"] && names(listing, .test) == ["a/2.jpg 0"])
  }

  @Test func oneClassIsWarnedOf() throws {
    try touch(["cat/1.jpg", "cat/more/2.jpg"])
    let listing = try listing()
    #expect(listing.classNames == ["cat"] && listing.parts[.training]?.entries.count == 2)
    #expect(listing.account.warnings == ["there is one class, cat: a network learns to say nothing else"])
    #expect(listing.account.notes == ["1 picture in folders inside class folders counts for the class above"])
  }

  /// A script that sorts pictures by a table writes a missing label as a folder's name.
  @Test func aFolderForMissingLabels() throws {
    try touch(["cat/1.jpg", "dog/1.jpg", "nan/1.jpg"])
    #expect(
      try listing().account.warnings == [
        "the folder nan is taken for a class: if it stands for a value that is missing, --exclude 'nan' leaves it out"
      ])
    #expect(try listing { $0.exclude = ["nan"] }.account.warnings == [])
  }

  @Test func testPicturesWithoutLabels() throws {
    try touch(["train/a/1.jpg", "train/b/1.jpg", "test/1.jpg", "test/2.jpg"])
    #expect(try listing().account.leftOut[.unlabeled]?.count == 2)
    #expect(try listing { $0.withoutTest = true }.account.leftOut[.unlabeled] == nil)
  }

  @Test func theTestSplitIsLeftOutWhereAsked() throws {
    try touch(["train/a/1.jpg", "train/b/1.jpg", "test/a/1.jpg"])
    #expect(try listing { $0.withoutTest = true }.parts.keys.map(\.rawValue) == ["training"])
  }

  // MARK: - What is nobody's picture

  @Test(arguments: [
    "@eaDir/x/T.jpg", "cat/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/1.jpg", "@Recycle/2.jpg", "lost+found/x.jpg",
    "__MACOSX/cat/1.jpg", "System Volume Information/1.png", "$RECYCLE.BIN/1.png", "cat/.ipynb_checkpoints/1.jpg",
    ".Trash-1000/files/1.jpg", "FOUND.000/FILE0000.jpg", "~snapshot/cat/1.jpg", "cat/__pycache__/1.png",
    ".@__thumb/1.jpg",
  ])
  func whatSystemsLeaveBehind(path: String) throws {
    try touch(["cat/1.jpg", "dog/1.jpg", path])
    let listing = try listing()
    #expect(listing.classNames == ["cat", "dog"])
    #expect(names(listing) == ["cat/1.jpg 0", "dog/1.jpg 1"])
    let reasons = [PackAccount.Reason.leftover, .hidden].compactMap { listing.account.leftOut[$0]?.count }
    #expect(reasons == [1])
  }

  @Test func aFolderThatNobodyMayReadIsNotOpenedIfItIsASystems() throws {
    try touch(["cat/1.jpg", "dog/1.jpg"])
    try FileManager.default.createDirectory(
      atPath: folder.file("lost+found"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0])
    #expect(try listing().classNames == ["cat", "dog"])
  }

  @Test func filesOfThisProgramAreNoData() throws {
    try touch([
      "a/1.png", "b/1.png", "photos.h5.work/block-0", "photos.h5.work/block-1", "old.h5", "old.h5.preview.png",
    ])
    try touch(["runs/x/preview.png", "runs/y/config.yaml", "runs/y/owner.json", "runs/y/preview.png", "mine/other.png"])
    let listing = try listing()
    #expect(listing.classNames == ["a", "b", "mine"])
    #expect(listing.account.leftOut[.own]?.count == 6)
    #expect(listing.account.leftOut[.emptyFolder]?.examples == ["runs"])
  }

  @Test func foldersWithoutPicturesAreLeftOutAndSaid() throws {
    try touch(["a/1.jpg", "b/note.txt"])
    try FileManager.default.createDirectory(atPath: folder.file("bird"), withIntermediateDirectories: false)
    let listing = try listing()
    #expect(listing.classNames == ["a"])
    #expect(listing.account.leftOut[.emptyFolder]?.examples == ["b", "bird"])
  }

  @Test func aClassOfFormatsThatAreNotReadIsRefused() throws {
    try touch(["a/1.jpg", "b/1.bmp", "b/2.bmp", "b/3.tif"])
    #expect(
      problem() == """
        \(folder.path)/b: expected pictures of a class (.jpg, .jpeg, .jpe, .jfif, .png, .webp, .ppm, .pgm), found \
        none, but 2 .bmp, 1 .tif. Files of these formats are not read; convert them: mogrify -format png *.bmp \
        (ImageMagick); mogrify -format png *.tif (ImageMagick). Or leave the folder out: --exclude 'b'.
        """)
    #expect(try listing { $0.exclude = ["b"] }.classNames == ["a"])
  }

  @Test func filesWithoutAnEnding() throws {
    let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]
    try folder.write(jpeg, to: "a/one")
    try folder.write(jpeg, to: "b/two")
    #expect(
      problem().contains("found none, but 1 without an extension. The first of them is a JPEG picture"), "\(problem())")
  }

  @Test func excludedByPattern() throws {
    try touch(["cat/1.jpg", "cat/1_thumb.jpg", "dog/1.jpg", "dog/deep/2_thumb.jpg", "bird/1.jpg"])
    let listing = try listing { $0.exclude = ["*_thumb.jpg", "/bird/", "nothing*"] }
    #expect(names(listing) == ["cat/1.jpg 0", "dog/1.jpg 1"])
    #expect(listing.account.leftOut[.excluded]?.count == 3)
    #expect(listing.account.warnings == ["--exclude 'nothing*' leaves nothing out"])
    #expect(try self.listing { $0.exclude = ["dog/deep"] }.parts[.training]?.entries.count == 4)
  }

  /// A class may lie on a disk that is not mounted now.
  @Test func aLinkToNothingIsRefused() throws {
    try touch(["a/1.jpg", "b/1.jpg"])
    try FileManager.default.createSymbolicLink(atPath: folder.file("c"), withDestinationPath: "/nowhere/c")
    #expect(
      problem() == """
        \(folder.path)/c: expected files and folders, found a link to what is not there. It may be a class or a \
        picture: mount what it leads to or remove the link, or leave it out: --exclude 'c'.
        """)
    #expect(try listing { $0.exclude = ["c"] }.classNames == ["a", "b"])
    try touch(["elsewhere/c/2.jpg", "elsewhere/d/2.jpg"])
    try FileManager.default.removeItem(atPath: folder.file("c"))
    try FileManager.default.createSymbolicLink(atPath: folder.file("c"), withDestinationPath: "elsewhere/c")
    #expect(try listing { $0.exclude = ["elsewhere"] }.classNames == ["a", "b", "c"])
  }

  @Test func archivesAmongFoldersAreTold() throws {
    try touch(["a/1.jpg", "b/1.jpg", "c.zip", "b/more.tar.gz", "ILSVRC2012_devkit_t12.tar.gz"])
    #expect(try listing().account.leftOut[.archive]?.examples == ["c.zip", "b/more.tar.gz"])
    for name in ["a", "b"] { try FileManager.default.removeItem(atPath: folder.file(name)) }
    try touch(["n01.tar", "n02.tar"])
    #expect(
      problem().contains(
        "found 4 archives and no folder. Archives in a folder are not opened. Give the archive that they came in"),
      "\(problem())")
  }
}
