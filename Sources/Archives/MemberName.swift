import Images
import System

/// The names of members, which say where they lie below the archive.
enum MemberName {
  /// The largest numbers of a name's parts and bytes, as Linux would take them.
  private static let (deepest, longest) = (256, 4096)

  /// Returns a name without what says nothing (`./`, doubled and closing slashes); empty for the archive's own folder.
  ///
  /// - Throws: An error for a name that leads out of the archive: such an archive would write over a person's files.
  static func cleaned(_ name: String, archive: String) throws(DataError) -> String {
    var name = name
    // Some programs of Windows write their own separator.
    if !name.contains("/"), name.contains("\\") { name = name.replacing("\\", with: "/") }
    let parts = name.split(separator: "/")
    let isDrive = parts.count > 1 && parts[0].count == 2 && parts[0].hasSuffix(":")
    guard !name.hasPrefix("/"), !isDrive else { throw hostile(name, "an absolute path", archive) }
    guard !parts.contains("..") else { throw hostile(name, "a path that leads upwards", archive) }
    guard parts.count <= deepest, name.utf8.count <= longest else {
      throw DataError(
        .invalid, path: archive, expected: "names of at most \(longest) bytes and \(deepest) folders",
        found: "\(name.utf8.count.counted("byte", grouped: true)) in a name with \(parts.count.grouped) parts")
    }
    return parts.filter { $0 != "." }.joined(separator: "/")
  }

  private static func hostile(_ name: String, _ what: String, _ archive: String) -> DataError {
    DataError(
      .invalid, path: archive, expected: "members that lie below the archive",
      found: "\(String(name.prefix(80)).debugDescription), \(what)",
      advice: "Unpacked, it would lie somewhere else. Make the archive again from a folder.")
  }
}
