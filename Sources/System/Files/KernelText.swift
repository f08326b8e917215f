extension FileSystem {
  /// The text that Linux gives in a file of its own, such as those under /proc and /sys, without white space at both
  /// ends; nil where there is no such file, or where it cannot be read.
  package static func kernelText(_ path: String) -> String? {
    guard let bytes = try? beginning(of: path, limit: 1 << 20) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace)
    return String(text.reversed().drop(while: \.isWhitespace).reversed())
  }
}
