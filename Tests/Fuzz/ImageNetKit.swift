import Foundation
import Packs

/// Three pictures of ImageNet's validation part and the development kit that labels them, whose meta.mat is mutated.
struct ImageNetKit {
  private let folder: String
  private static let identifiers = ["n03000000", "n01000000", "n02000000"]

  init(in folder: String) throws {
    self.folder = folder
    guard !FileManager.default.fileExists(atPath: "\(folder)/imagenet") else { return }
    for (number, identifier) in Self.identifiers.enumerated() {
      try touch("train/\(identifier)/\(identifier)_1.JPEG")
      try touch("val/ILSVRC2012_val_0000000\(number + 1).JPEG")
    }
  }

  private func touch(_ name: String) throws {
    let url = URL(filePath: "\(folder)/imagenet/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data().write(to: url)
  }

  /// Lists the pictures with the labels that the file at `path` gives. The kit's name begins with the file's, as
  /// messages should.
  func read(_ path: String) throws {
    let kit = "\(path).kit"
    try FileManager.default.createDirectory(atPath: kit, withIntermediateDirectories: true)
    try Data("2\n1\n3\n".utf8).write(to: URL(filePath: "\(kit)/ILSVRC2012_validation_ground_truth.txt"))
    unlink("\(kit)/meta.mat")
    guard link(path, "\(kit)/meta.mat") == 0 else { throw CocoaError(.fileWriteUnknown) }
    _ = try PackInput(source: "\(folder)/imagenet", developmentKit: kit).listing()
  }

  /// meta.mat with its list of classes as it is, and compressed as MATLAB and SciPy do.
  var files: [[UInt8]] {
    let header = Array("MATLAB 5.0 MAT-file".utf8) + [UInt8](repeating: 0, count: 105) + [0, 1, 0x49, 0x4D]
    return [header + Self.synsets, [UInt8](Data(base64Encoded: Self.compressed)!)]
  }

  // MARK: - MATLAB's format, level 5

  private static func element(_ type: UInt32, _ content: [UInt8]) -> [UInt8] {
    little(type) + little(UInt32(content.count)) + content + [UInt8](repeating: 0, count: -content.count & 7)
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  /// - Parameter kind: 2 for structures, 4 for text, 6 for numbers.
  private static func matrix(_ kind: UInt8, _ columns: Int32, name: String = "", _ content: [UInt8]) -> [UInt8] {
    element(
      14,
      element(6, [kind, 0, 0, 0, 0, 0, 0, 0]) + element(5, little(Int32(1)) + little(columns))
        + element(1, Array(name.utf8)) + content)
  }

  private static var synsets: [UInt8] {
    let names = ["ILSVRC2012_ID", "WNID", "words"].flatMap {
      Array($0.utf8) + [UInt8](repeating: 0, count: 32 - $0.utf8.count)
    }
    let values = identifiers.enumerated().flatMap { number, identifier in
      let (letters, words) = (Array(identifier.utf8), Array("class \(number)".utf16))
      return matrix(6, 1, element(9, little(Double(number + 1).bitPattern)))
        + matrix(4, Int32(letters.count), element(16, letters))
        + matrix(4, Int32(words.count), element(4, words.flatMap(little)))
    }
    // The length of names is a small element: type and length in one word.
    return matrix(2, 3, name: "synsets", little(UInt32(4 << 16 | 5)) + little(UInt32(32)) + element(1, names) + values)
  }

  /// Tests/Golden/devkit, by SciPy.
  private static let compressed = """
    TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFR1ZSBOb3YgMjQgMjM6NDU6NTcgMjAyNgAAAAAAAAAAAAAA\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAHwEAAHic42NgYLjBxsAARAwcQMzEAAGsUD4zEDNCMTsQF1fm\
    FaeWFAPlWRgEoeIdQOzpExwW5GxkYGgU7+kCMiDcD0LDQXl+UUoxskB6Tn4xikBeaW58ckZmTkpRah5YAIUDMyMvtSQ+IzUzPaMEqqWkKDEzLz4z\
    NzE9tZiBDyhowYDwDxuafxiRMAhwQsUh4IM9SL8Dkn4WLPo5kfQLQPl5BsYGYAAVJ8YcLjRzQPySjMyiFB2FkoxUhDkWBMxhRzMHxE9UgAQvZeEB\
    sd8Aj34YQNaPzd3k2Eu2/oApDhTa70B+OjDESAeE4o8VzRwQPy2zqLiESP2j8U/t+OegIP6NSC4HeNDMAfGLU5Pz84AFQVR5aia28BhNB8SlAwCX\
    Kkuu
    """
}
