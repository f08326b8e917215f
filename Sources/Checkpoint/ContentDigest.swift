import System

/// The digests that a checkpoint holds of itself.
enum ContentDigest {
  /// The digest of a network: the SHA-256 of one line per tensor with its name, its extents, and the digests of its
  /// values and of its momentum, or "-".
  static func overall(_ tensors: [TensorDescription], values: [String], momentum: [String]?) -> String {
    var text = ""
    for (index, tensor) in tensors.enumerated() {
      let extents = tensor.shape.map(String.init).joined(separator: "x")
      text += "\(tensor.name) \(extents) \(values[index]) \(momentum?[index] ?? "-")\n"
    }
    return hexadecimal(SHA256.hash(Array(text.utf8)))
  }

  /// The digest of texts: the SHA-256 of each one's length in bytes, a colon and itself.
  static func ofTexts(_ texts: [String]) -> String {
    var bytes: [UInt8] = []
    for text in texts {
      bytes += Array("\(text.utf8.count):".utf8)
      bytes += Array(text.utf8)
    }
    return hexadecimal(SHA256.hash(bytes))
  }
}
