import Glibc
import Synchronization

/// Patterns of what a person wants left out, as the shell writes them (`*`, `?`, `[a-z]`). A pattern without a slash is
/// compared with each name, one with a slash with the path below the source.
final class Exclusion: Sendable {
  private let patterns: [String]
  private let used: Mutex<Set<Int>>

  init(_ patterns: [String]) {
    self.patterns = patterns.map { pattern in
      var pattern = pattern[...]
      while pattern.hasPrefix("./") { pattern = pattern.dropFirst(2) }
      while pattern.hasPrefix("/") { pattern = pattern.dropFirst() }
      while pattern.hasSuffix("/") { pattern = pattern.dropLast() }
      return String(pattern)
    }
    used = Mutex([])
  }

  /// Returns whether a file or folder is left out.
  /// - Parameter path: the path below the source, whose last name is `name`.
  func excludes(name: String, path: String) -> Bool {
    for (index, pattern) in patterns.enumerated() where fnmatch(pattern, pattern.contains("/") ? path : name, 0) == 0 {
      _ = used.withLock { $0.insert(index) }
      return true
    }
    return false
  }

  /// Returns whether a path, or a folder on the way to it, is left out.
  func excludes(path: String) -> Bool {
    guard !patterns.isEmpty else { return false }
    var way = ""
    for name in path.split(separator: "/") {
      way += way.isEmpty ? String(name) : "/\(name)"
      if excludes(name: String(name), path: way) { return true }
    }
    return false
  }

  /// The patterns that nothing has matched so far.
  var unused: [String] {
    let used = used.withLock { $0 }
    return patterns.indices.filter { !used.contains($0) }.map { patterns[$0] }
  }
}
