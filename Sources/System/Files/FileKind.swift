/// What a file is, by its first bytes, for the message to who gave the wrong one.
package enum FileKind {
  static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  package static func isHDF5(_ beginning: [UInt8]) -> Bool {
    beginning.starts(with: hdf5Signature)
  }

  /// A noun with its article.
  package static func name(_ beginning: [UInt8]) -> String {
    if beginning.isEmpty { return "an empty file" }
    if beginning.starts(with: [0x1f, 0x8b]) { return "a gzip file" }
    if beginning.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return "a zip file, as PyTorch and NumPy write them" }
    if beginning.starts(with: [0x80, 0x02]) { return "a Python pickle, as older PyTorch writes it" }
    if beginning.starts(with: [0x93] + Array("NUMPY".utf8)) { return "a NumPy array" }
    if beginning.starts(with: [0x89] + Array("PNG".utf8)) { return "a PNG image" }
    if beginning.starts(with: [0xff, 0xd8, 0xff]) { return "a JPEG image" }
    if beginning.starts(with: [0, 0, 8]) { return "an IDX file" }
    if isCaffeModel(beginning) { return "a Caffe model in its own binary form (protobuf)" }
    if beginning.allSatisfy({ $0 == 0 }) { return "a file of zeros" }
    if beginning.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || (0x09...0x0d).contains($0) }) { return "a text file" }
    return "a file of an unknown kind"
  }

  /// A NetParameter of Caffe's: its name (field 1) and then another field, or a layer (field 100) at once.
  private static func isCaffeModel(_ beginning: [UInt8]) -> Bool {
    let layer: [UInt8] = [0xa2, 0x06]
    if beginning.starts(with: layer) { return true }
    guard beginning.count > 2, beginning[0] == 0x0a, beginning[1] < 0x80 else { return false }
    let rest = beginning.dropFirst(2)
    let name = rest.prefix(Int(beginning[1]))
    let next = rest.dropFirst(Int(beginning[1]))
    // Field 2 (a layer of the first version), 3 (an input), 4 (an input's extents) or 100.
    return name.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
      && (next.starts(with: layer) || next.first == 0x12 || next.first == 0x1a || next.first == 0x20)
  }
}
