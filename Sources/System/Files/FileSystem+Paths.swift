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
}
