import Hashing
import System

/// Returns the digest by which hosts find out whether they run the same program: that of the installation, whose
/// programs for several levels are then one, otherwise the SHA-256 of the running program's file; empty where the file
/// cannot be read.
public func programDigest() -> String {
  guard let own = fileDigest("/proc/self/exe") else { return "" }
  return Installation.ofThisProgram?.digest(ofProgram: own) ?? own
}

/// Returns the SHA-256 of a file's bytes, as `sha256sum` prints it; nil where the file cannot be read.
package func fileDigest(_ path: String) -> String? {
  // The file is mapped, since the page cache holds the program already.
  guard let file = try? RegularFile(path) else { return nil }
  return try? file.withMapped { SHA256.digest(of: $0) }
}
