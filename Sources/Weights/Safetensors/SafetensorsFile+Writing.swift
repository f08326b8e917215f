import Foundation
import System
import SystemPackage

extension SafetensorsFile {
  /// A tensor of single floats to be written, where it lies.
  public struct Output {
    public let name: String
    public let shape: [Int]
    public let values: UnsafeBufferPointer<Float>

    public init(name: String, shape: [Int], values: UnsafeBufferPointer<Float>) {
      precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(name) \(shape)")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// Writes a file, which takes the place of an earlier one only when it is whole and on the device. Equal tensors and
  /// texts give equal bytes.
  ///
  /// - Throws: `.cannotCreate` or `.cannotWrite`.
  public static func write(
    to path: String, tensors: [Output], metadata: [String: String]
  ) throws(FileError) {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
    var header = "{\"__metadata__\":{"
    header += metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
    header += "}"
    var start = 0
    for tensor in tensors {
      let end = start + 4 * tensor.values.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      header +=
        ",\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(start),\(end)]}"
      start = end
    }
    header += "}"
    // The format wants the data at a multiple of 8 bytes.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    let pieces = tensors.map { UnsafeRawBufferPointer($0.values) }
    try writeWhole(path, head: length + Array(header.utf8), pieces: pieces)
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let bytes = try? encoder.encode(text) else { preconditionFailure("a text is always JSON") }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Writes a file of some bytes and memory after them, under a temporary name, and puts it in place when it is on the
/// device.
func writeWhole(_ path: String, head: [UInt8], pieces: [UnsafeRawBufferPointer] = []) throws(FileError) {
  try FileSystem.checkWritable(path)
  let name = "\(FileSystem.name(of: path)).tmp.export.\(getpid())"
  let replacement = FileReplacement(of: path, temporary: FileSystem.path(name, in: FileSystem.folder(of: path)))
  let file: OpenFile
  do throws(Errno) {
    file = try OpenFile(creating: replacement.temporary)
  } catch {
    throw FileError(.cannotCreate, path: path, what: "cannot be created", code: error)
  }
  do throws(Errno) {
    try file.write(head)
    for piece in pieces { try file.write(piece) }
    try file.synchronize()
    try file.close()
  } catch {
    throw FileError(.cannotWrite, path: path, what: "cannot be written", code: error)
  }
  try replacement.putInPlace()
  try FileSystem.synchronizeFolder(FileSystem.folder(of: path))
}
