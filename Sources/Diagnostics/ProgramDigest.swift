import Hashing
import System

/// Returns the SHA-256 of the running program's file, by which hosts find out whether they run the same program; empty
/// where the file cannot be read.
public func programDigest() -> String {
  fileDigest("/proc/self/exe") ?? ""
}

/// Returns the SHA-256 of a file's bytes, as `sha256sum` prints it; nil where the file cannot be read.
package func fileDigest(_ path: String) -> String? {
  // The file is mapped, since the page cache holds the program already.
  guard let file = try? RegularFile(path) else { return nil }
  return try? file.withMapped { SHA256.digest(of: $0) }
}
