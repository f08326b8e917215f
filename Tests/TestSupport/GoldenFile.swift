import Foundation

/// Reference tensors made by another program, from a file of `Tests/Golden`; its `generate.py` says how, and what each
/// tensor is.
public struct GoldenFile: Sendable {
  /// Values in row-major order. A scalar has the shape `[]`.
  public typealias Tensor = (shape: [Int], values: [Float])

  public let tensors: [String: Tensor]
  /// The names in the file's order, which for parameters is the net's.
  public let names: [String]

  /// - Parameter name: the file's name in `Tests/Golden`, such as `network.json`.
  public init(_ name: String) throws(GoldenFileError) {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    try self.init(contentsOf: tests.appending(path: "Golden").appending(path: name))
  }

  public init(contentsOf url: URL) throws(GoldenFileError) {
    let path = url.path(percentEncoded: false)
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: Data(contentsOf: url))
    } catch {
      throw GoldenFileError(path: path, reason: "cannot be read: \(error)")
    }
    var tensors: [String: Tensor] = [:]
    for entry in content.tensors {
      guard let data = Data(base64Encoded: entry.data) else {
        throw GoldenFileError(path: path, reason: "tensor '\(entry.name)' is no base64 text")
      }
      let count = entry.shape.reduce(1, *)
      guard data.count == 4 * count else {
        throw GoldenFileError(
          path: path,
          reason: "tensor '\(entry.name)' of shape \(entry.shape) needs \(4 * count) bytes, found \(data.count)")
      }
      let values = data.withUnsafeBytes { bytes in
        (0..<count).map { index in
          let word = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
          return Float(bitPattern: UInt32(littleEndian: word))
        }
      }
      guard tensors.updateValue((entry.shape, values), forKey: entry.name) == nil else {
        throw GoldenFileError(path: path, reason: "tensor '\(entry.name)' occurs twice")
      }
    }
    self.tensors = tensors
    self.names = content.tensors.map(\.name)
    self.path = path
  }

  /// The tensor of that name, which the file must hold.
  public func tensor(_ name: String) throws(GoldenFileError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw GoldenFileError(path: path, reason: "no tensor '\(name)' among \(names.joined(separator: ", "))")
    }
    return tensor
  }

  private let path: String

  private struct Content: Decodable {
    struct Entry: Decodable {
      let name: String
      let shape: [Int]
      let data: String
    }
    let tensors: [Entry]
  }
}

/// A golden file that is missing, damaged, or lacks a tensor.
public struct GoldenFileError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "golden file \(path): \(reason)" }
}
