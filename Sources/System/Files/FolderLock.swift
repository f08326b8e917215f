import Glibc
import SystemPackage

extension FileSystem {
  /// Does something while this process has the lock on a folder, which one process of a host has at a time.
  ///
  /// Some file systems give no locks, and a stopped process may keep one: `body` is called without it then. So the lock
  /// orders what would rarely go wrong without it, and nothing may rest on it alone.
  ///
  /// - Parameter patience: the seconds to wait for the lock at most.
  package static func whileLocked<Result>(
    _ folder: String, patience: Double, _ body: () throws(FileError) -> Result
  ) throws(FileError) -> Result {
    guard let file = try? OpenFile(folder, .readOnly) else { return try body() }
    let end = monotonicSeconds() + patience
    while file.lock() == .ofAnother, monotonicSeconds() < end { usleep(10_000) }
    defer { file.unlock() }
    return try body()
  }
}
