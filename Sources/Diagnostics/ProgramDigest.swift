import Hashing
import System

/// The SHA-256 of the file of the running program, to tell whether two hosts run the same one; empty where it cannot be
/// read.
public func programDigest() -> String {
  fileDigest("/proc/self/exe") ?? ""
}

/// The SHA-256 of a file's bytes, as `sha256sum` prints it; nil where the file cannot be read.
package func fileDigest(_ path: String) -> String? {
  // Mapped: the page cache holds the program already.
  guard let file = try? RegularFile(path) else { return nil }
  return try? file.withMapped { SHA256.digest(of: $0) }
}
