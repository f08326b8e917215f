import Foundation
import Images
import System
import TestSupport
import Testing

@Suite struct IDXFolderTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// Writes six training and four test images of 2×3 in three classes.
  private func writeSet(separator: String = "-", packed: Bool = false, test: String = "t10k") throws {
    let suffix = packed ? ".gz" : ""
    func write(_ name: String, _ dimensions: [Int], _ bytes: [UInt8]) throws {
      let file = idx(dimensions, bytes)
      try folder.write(
        packed ? gzip(file) : file, to: "\(name)\(separator)idx\(dimensions.count)-ubyte\(suffix)")
    }
    try write("train-images", [6, 2, 3], scatteredBytes(36))
    try write("train-labels", [6], [0, 1, 2, 2, 1, 0])
    try write("\(test)-images", [4, 2, 3], scatteredBytes(24, seed: 1))
    try write("\(test)-labels", [4], [1, 0, 1, 0])
  }

  @Test(arguments: [("-", false, "t10k"), ("-", true, "t10k"), (".", false, "t10k"), (".", true, "test")])
  func loadsEveryWayOfNaming(separator: String, packed: Bool, test: String) throws {
    try writeSet(separator: separator, packed: packed, test: test)
    let set = try IDXFolder.load(directory: folder.path)
    #expect(set.training.count == 6)
    #expect(set.training.labels == [0, 1, 2, 2, 1, 0])
    #expect(set.training.extents == Extents(channels: 1, height: 2, width: 3))
    #expect(set.training.pixels(of: 5) == Array(scatteredBytes(36)[30..<36]))
    #expect(set.test.labels == [1, 0, 1, 0])
    #expect(set.test.pixels(of: 0) == Array(scatteredBytes(24, seed: 1)[0..<6]))
    #expect(set.training.classCount == 3)
    #expect(set.test.classCount == 3)
    #expect(set.classNames == ["0", "1", "2"])
  }

  @Test func loadsImagesWithChannels() throws {
    try writeSet()
    try FileManager.default.removeItem(atPath: folder.path + "/t10k-images-idx3-ubyte")
    try folder.write(idx([4, 3, 2, 2], scatteredBytes(48)), to: "t10k-images-idx4-ubyte")
    let (test, names) = try IDXFolder.loadTest(directory: folder.path, classCount: 3)
    #expect(test.extents == Extents(channels: 3, height: 2, width: 2))
    #expect(names.count == 3)
    #expect(
      message { try IDXFolder.load(directory: folder.path) }
        == "\(folder.path): expected training and test images of one size, found 1×2×3 and 3×2×2.")
  }

  @Test func loadsTheTestPartWithoutTrainingFiles() throws {
    try writeSet()
    try FileManager.default.removeItem(atPath: folder.path + "/train-images-idx3-ubyte")
    #expect(try IDXFolder.loadTest(directory: folder.path).test.classCount == 2)
    #expect(try IDXFolder.loadTest(directory: folder.path, classCount: 3).test.classCount == 3)
  }

  @Test func takesClassNamesFromTheFolder() throws {
    try writeSet()
    try folder.write(Array("cat\r\n  black dog \nÄhre\nbird\n\n".utf8), to: "class-names.txt")
    let set = try IDXFolder.load(directory: folder.path)
    #expect(set.classNames == ["cat", "black dog", "Ähre", "bird"])
    #expect(set.training.classCount == 4)
    #expect(try IDXFolder.loadTest(directory: folder.path).classNames == set.classNames)
    #expect(
      message { try IDXFolder.load(directory: folder.path, classCount: 3) }
        == "\(folder.path)/class-names.txt: expected 3 names, found 4.")
  }

  @Test(arguments: [
    (Array("cat\n\ndog\n".utf8), "line 2 empty"), ([], "no name"), ([0x61, 0xFF, 0x0A], "bytes that are not UTF-8"),
  ])
  func refusesDamagedClassNames(bytes: [UInt8], found: String) throws {
    try writeSet()
    let path = try folder.write(bytes, to: "class-names.txt")
    #expect(
      message { try IDXFolder.load(directory: folder.path) }
        == "\(path): expected one class name a line in UTF-8, found \(found).")
  }

  @Test func refusesCountsThatDisagree() throws {
    try writeSet()
    let path = try folder.write(idx([5], [0, 1, 2, 0, 1]), to: "train-labels-idx1-ubyte")
    #expect(
      message { try IDXFolder.load(directory: folder.path) } == """
        \(path): expected 6 labels, one for each image in \(folder.path)/train-images-idx3-ubyte, found 5. \
        Both files have to come from the same data set.
        """)
  }

  @Test func refusesLabelsOutOfRange() throws {
    try writeSet()
    let advice = "If there are more classes, list all their names in class-names.txt beside it, one a line."
    #expect(
      message { try IDXFolder.load(directory: folder.path, classCount: 2) } == """
        \(folder.path)/train-labels-idx1-ubyte: expected labels from 0 to 1, found label 2 at position 2. \(advice)
        """)
    try folder.write(idx([4], [0, 1, 2, 3]), to: "t10k-labels-idx1-ubyte")
    #expect(
      message { try IDXFolder.load(directory: folder.path) } == """
        \(folder.path)/t10k-labels-idx1-ubyte: expected labels from 0 to 2, found label 3 at position 3. \(advice)
        """)
  }

  @Test func saysWhatWasLookedForAndWhereToGetIt() throws {
    let advice = "Other data are a pack: `prelu-dist pack FOLDER -o photos.h5` makes one of a folder of pictures."
    #expect(
      message(kind: .missing) { try IDXFolder.load(directory: folder.path) } == """
        \(folder.path): expected the training images in train-images-idx3|idx4-ubyte[.gz], found no such file in this \
        folder. \(advice)
        """)
    let absent = folder.path + "/absent"
    #expect(
      message(kind: .missing) { try IDXFolder.loadTest(directory: absent) } == """
        \(absent): expected a pack, or a folder of IDX files, found no such folder or file. A folder of pictures \
        becomes a pack by `prelu-dist pack FOLDER -o photos.h5`.
        """)
    let fashion = folder.path + "/fashion-mnist"
    #expect(
      message(kind: .missing) { try IDXFolder.load(directory: fashion) } == """
        \(fashion): expected a pack, or a folder of IDX files, found no such folder or file. Fashion-MNIST comes with \
        Debian: apt-get install dataset-fashion-mnist puts it into /usr/share/datasets/fashion-mnist.
        """)
    try folder.write([1], to: "absent.h5")
    #expect(message(kind: .missing) { try IDXFolder.load(directory: absent) }.hasSuffix(" Did you mean \(absent).h5?"))
  }

  // MARK: - Other names

  /// Writes three training images and two test images of 2×2 whose labels begin at `first`.
  private func writeNamed(_ names: [String], first: UInt8 = 0) throws {
    let images = [idx([3, 2, 2], scatteredBytes(12)), idx([2, 2, 2], scatteredBytes(8, seed: 1))]
    let labels = [idx([3], [first + 1, first, first + 2]), idx([2], [first + 2, first])]
    for (name, content) in zip(names, images + labels) { try folder.write(content, to: name) }
  }

  @Test(arguments: [
    [
      "emnist-letters-train-images-idx3-ubyte", "emnist-letters-test-images-idx3-ubyte",
      "emnist-letters-train-labels-idx1-ubyte", "emnist-letters-test-labels-idx1-ubyte",
    ],
    ["Train-Images.idx3-ubyte", "T10k-images.idx3-ubyte", "train_labels_idx1_ubyte", "t10k-labels.idx1-ubyte"],
    [
      "train-images-idx3-ubyte/train-images.idx3-ubyte", "t10k-images-idx3-ubyte/t10k-images.idx3-ubyte",
      "train-labels-idx1-ubyte/train-labels.idx1-ubyte", "t10k-labels-idx1-ubyte/t10k-labels.idx1-ubyte",
    ],
    [
      "MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte",
      "MNIST/raw/t10k-labels-idx1-ubyte",
    ],
  ])
  func loadsNamesOfEveryKind(names: [String]) throws {
    try writeNamed(names)
    let set = try IDXFolder.load(directory: folder.path)
    #expect(set.training.labels == [1, 0, 2] && set.test.labels == [2, 0] && set.classNames == ["0", "1", "2"])
  }

  @Test func aFolderBesideAFileOfTheSameKind() throws {
    try writeSet()
    try folder.write([1, 2, 3], to: "train-images.idx3-ubyte/notes.txt")
    #expect(try IDXFolder.load(directory: folder.path).training.count == 6)
  }

  @Test func labelsFromOne() throws {
    let names = [
      "emnist-letters-train-images-idx3-ubyte", "emnist-letters-test-images-idx3-ubyte",
      "emnist-letters-train-labels-idx1-ubyte", "emnist-letters-test-labels-idx1-ubyte",
    ]
    try writeNamed(names, first: 1)
    let set = try IDXFolder.load(directory: folder.path)
    #expect(set.training.labels == [1, 0, 2] && set.training.classCount == 3 && set.classNames == ["1", "2", "3"])
    #expect(try IDXFolder.loadTest(directory: folder.path, classCount: 3).test.labels == [2, 0])
    // A network that was trained on four classes keeps them.
    #expect(try IDXFolder.loadTest(directory: folder.path, classCount: 4).test.labels == [3, 1])
    try folder.write(Array("1 65 97\r\n2 66 98\r\n3 67 99\r\n".utf8), to: "emnist-letters-mapping.txt")
    #expect(try IDXFolder.load(directory: folder.path).classNames == ["A", "B", "C"])
    try folder.write(Array("\u{FEFF}x\r\ny\r\nz\r\n".utf8), to: "class-names.txt")
    #expect(try IDXFolder.load(directory: folder.path).classNames == ["x", "y", "z"])
  }

  @Test func severalDataSetsInAFolder() throws {
    for kind in ["digits", "letters"] {
      try writeNamed([
        "emnist-\(kind)-train-images-idx3-ubyte", "emnist-\(kind)-test-images-idx3-ubyte",
        "emnist-\(kind)-train-labels-idx1-ubyte", "emnist-\(kind)-test-labels-idx1-ubyte",
      ])
    }
    #expect(
      message { try IDXFolder.load(directory: folder.path) } == """
        \(folder.path): expected the files of one data set, found those of emnist-digits, emnist-letters. Name one of \
        them, such as --data \(folder.path)/emnist-digits.
        """)
    #expect(try IDXFolder.load(directory: folder.file("emnist-letters")).training.count == 3)
  }
}
