import Foundation
import Hashing

/// The SHA-256 of the file of the running program, to tell whether two hosts run the same one; empty where it cannot be
/// read.
public func programDigest() -> String {
  fileDigest("/proc/self/exe") ?? ""
}

/// The SHA-256 of a file's bytes, as `sha256sum` prints it; nil where the file cannot be read.
package func fileDigest(_ path: String) -> String? {
  // Mapped: the page cache holds the program already.
  guard let bytes = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { return nil }
  return bytes.withUnsafeBytes { SHA256.digest(of: $0) }
}
