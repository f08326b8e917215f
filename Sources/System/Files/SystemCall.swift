import Glibc
import SystemPackage

/// Returns the result of a call of swift-system's. All of its errors are `Errno`, which its signatures do not say.
@inline(__always)
func calling<Result>(_ body: () throws -> Result) throws(Errno) -> Result {
  do {
    return try body()
  } catch let error as Errno {
    throw error
  } catch {
    preconditionFailure("swift-system threw \(error)")
  }
}

/// Makes a call of the C library that returns a negative number where it fails, and repeats it after a signal.
@inline(__always)
func retrying(_ body: () -> CInt) throws(Errno) {
  while body() < 0 {
    let error = Errno(rawValue: errno)
    guard error == .interrupted else { throw error }
  }
}
