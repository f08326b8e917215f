import Foundation

/// A library in C that is loaded before a program, so that some of its calls of the system fail, hang or answer
/// otherwise.
public enum PreloadedLibrary {
  /// Whether there is the compiler that makes one. It comes with Swift.
  public static let canBeMade = (try? ChildProcess.capture("/usr/bin/env", ["clang", "--version"]).exitCode) == 0

  /// Compiles a library.
  ///
  /// - Parameter folder: the folder that it is put into, under a name of its own.
  /// - Returns: its path, which is the value of `LD_PRELOAD`.
  /// - Throws: `PreloadedLibraryError` for a text that is not C.
  public static func make(_ source: String, in folder: ScratchFolder) throws -> String {
    let name = "preloaded-\(UUID().uuidString)"
    try folder.write(Array(source.utf8), to: "\(name).c")
    let library = folder.file("\(name).so")
    let compiled = try ChildProcess.capture(
      "/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", library, folder.file("\(name).c")])
    guard compiled.exitCode == 0 else { throw PreloadedLibraryError(description: compiled.errors) }
    return library
  }
}

/// The complaints of the compiler about a library.
public struct PreloadedLibraryError: Error, CustomStringConvertible {
  public let description: String
}
