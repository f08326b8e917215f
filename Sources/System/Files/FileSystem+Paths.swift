import Glibc
import SystemPackage

extension FileSystem {
  /// The path of a file in a folder; `name` may itself lead through folders.
  package static func path(_ name: String, in folder: String) -> String {
    FilePath(folder).appending(name).string
  }

  /// The folder that the last name of a path is in.
  package static func folder(of path: String) -> String {
    let folder = FilePath(path).removingLastComponent().string
    return folder.isEmpty ? "." : folder
  }

  /// The last name of a path; empty where it has none.
  package static func name(of path: String) -> String {
    FilePath(path).lastComponent?.string ?? ""
  }

  /// Tells whether two paths lead to the same file or folder. A path is its own equal even where nothing is there.
  package static func isSame(_ path: String, _ other: String) -> Bool {
    guard path != other, let (one, two) = try? (status(path), status(other)), let one, let two else {
      return path == other
    }
    return (one.deviceID, one.inode) == (two.deviceID, two.inode)
  }

  /// Returns the path that a symbolic link leads to, where nothing may be; nil for anything but a link.
  package static func target(ofLink path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink(path, &bytes, bytes.count - 1)
    guard count > 0 else { return nil }
    let target = String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return target.hasPrefix("/") ? target : Self.path(target, in: folder(of: path))
  }

  /// Returns the path without symbolic links, `.` and `..`, from the root; nil where it leads to nothing.
  package static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
