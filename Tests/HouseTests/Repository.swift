import Foundation
import TestSupport

/// The repository that these tests are part of.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  static func lines(of path: String) throws -> [Substring] {
    try text(path).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The paths, from the root, of the files in a folder and its folders whose names have the ending, sorted.
  static func files(in folder: String, endingIn ending: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
      .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
  }

  /// Package.swift, as Swift's own package manager reads it.
  static func manifest() throws -> Manifest {
    // A scratch folder of its own: the run of the tests holds the lock of the usual one.
    let scratch = try ScratchFolder()
    let outcome = try ChildProcess.capture(
      "/usr/bin/env",
      ["swift", "package", "--package-path", root, "--scratch-path", scratch.path, "dump-package"])
    guard outcome.exitCode == 0 else { throw ManifestError(words: outcome.errors) }
    return try JSONDecoder().decode(Manifest.self, from: Data(outcome.output.utf8))
  }
}

/// A manifest that `swift package dump-package` cannot read.
struct ManifestError: Error, CustomStringConvertible {
  let words: String

  var description: String { "swift package dump-package fails: \(words)" }
}
