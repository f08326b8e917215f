/// The name of a file while it is being written: the final name, then who writes it.
enum TemporaryName {
  private static let mark = ".tmp."

  static func of(_ final: String, runIdentifier: String, process: Int32) -> String {
    "\(final)\(mark)\(runIdentifier).\(process)"
  }

  /// The name that the file will have in the end: `name` itself where it is not a temporary one.
  static func final(of name: String) -> String {
    guard let parts = parts(name) else { return name }
    return parts.final
  }

  static func isTemporary(_ name: String) -> Bool {
    parts(name) != nil
  }

  private static func parts(_ name: String) -> (final: String, writer: Substring)? {
    let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
    guard pieces.count >= 4, pieces[pieces.count - 3] == "tmp", Int32(pieces[pieces.count - 1]) != nil else {
      return nil
    }
    return (pieces.dropLast(3).joined(separator: "."), pieces[pieces.count - 2])
  }
}
