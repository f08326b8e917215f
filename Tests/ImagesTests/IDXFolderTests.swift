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
    let advice = """
      Fashion-MNIST comes with Debian: apt-get install dataset-fashion-mnist puts it into \
      /usr/share/datasets/fashion-mnist.
      """
    #expect(
      message(kind: .missing) { try IDXFolder.load(directory: folder.path) } == """
        \(folder.path): expected the training images in train-images-idx3|idx4-ubyte[.gz], found no such file in this \
        folder. \(advice)
        """)
    let absent = folder.path + "/absent"
    #expect(
      message(kind: .missing) { try IDXFolder.loadTest(directory: absent) } == """
        \(absent): expected the test images in t10k-images-idx3|idx4-ubyte[.gz] or test-images-idx3|idx4-ubyte[.gz], \
        found no such folder. \(advice)
        """)
  }
}
