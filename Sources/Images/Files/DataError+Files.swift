import System
import SystemPackage

extension DataError {
  /// An error for a file that is not read. `expected` says what the file should be.
  init(_ reason: RegularFileError, path: String, expected: String, limit: Int = .max) {
    switch reason {
    case .refused(let code, _): self.init(code, path: path, expected: expected)
    case .otherKind(let found): self.init(.invalid, path: path, expected: expected, found: found)
    case .tooLarge(let bytes):
      self.init(.invalid, path: path, expected: "\(expected) of at most \(limit) bytes", found: bytes.counted("byte"))
    }
  }

  /// An error for a file that the system does not allow to be read.
  init(_ code: Errno, path: String, expected: String) {
    self.init(.missing, path: path, expected: expected, found: "that it cannot be read (\(code))")
  }
}

/// Returns the whole content of a file of at most `limit` bytes. `expected` says what the file should be.
package func readWhole(path: String, limit: Int, expected: String) throws(DataError) -> [UInt8] {
  do throws(RegularFileError) {
    return try RegularFile.contents(of: path, limit: limit)
  } catch {
    throw DataError(error, path: path, expected: expected, limit: limit)
  }
}
