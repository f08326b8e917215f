import Foundation
import Kernels
import System

/// A hash of the file of the running program, 16 hexadecimal digits, to tell whether two hosts run the same one; empty
/// where it cannot be read.
public func programDigest() -> String {
  fileDigest("/proc/self/exe") ?? ""
}

/// The hash of a file's bytes; nil where it cannot be read.
package func fileDigest(_ path: String) -> String? {
  // Mapped: the page cache holds the program already.
  guard let bytes = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { return nil }
  let hash = bytes.withUnsafeBytes { bytes in
    let whole = bytes.count / 4 * 4
    let words = UnsafeRawBufferPointer(rebasing: bytes[..<whole]).assumingMemoryBound(to: Float.self)
    // The last bytes by themselves: the hash is of 4-byte values.
    return bytes[whole...].reduce(bitsHash(words)) { $0 &* 0x100_0000_01B3 ^ UInt64($1) }
  }
  return hexadecimal(hash)
}
