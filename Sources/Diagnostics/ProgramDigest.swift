import Foundation
import Kernels
import System

/// Returns a hash of the running program's file, 16 hexadecimal digits, by which hosts find out whether they run the
/// same program; empty where the file cannot be read.
public func programDigest() -> String {
  fileDigest("/proc/self/exe") ?? ""
}

/// Returns the hash of a file's bytes; nil where it cannot be read.
package func fileDigest(_ path: String) -> String? {
  // The file is mapped, since the page cache holds the program already.
  guard let bytes = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { return nil }
  let hash = bytes.withUnsafeBytes { bytes in
    let whole = bytes.count / 4 * 4
    let words = UnsafeRawBufferPointer(rebasing: bytes[..<whole]).assumingMemoryBound(to: Float.self)
    // The hash takes values of 4 bytes; the last bytes are added by themselves.
    return bytes[whole...].reduce(bitsHash(words)) { $0 &* 0x100_0000_01B3 ^ UInt64($1) }
  }
  return hexadecimal(hash)
}
