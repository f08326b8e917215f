import CHDF5
import Foundation

/// The one door to HDF5 in this process.
///
/// The library is not made for parallel calls, so each operation goes through ``exclusively(_:)``.
package enum HDF5Library {
  /// Recursive: an operation may be made of others.
  private static let lock = NSRecursiveLock()

  /// `H5dont_atexit` must precede all else: files are closed here, and an exit inside a failed write must not start
  /// another round of writing.
  private static let isOpen: Bool = {
    H5dont_atexit()
    return H5open() >= 0
  }()

  package static func exclusively<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    precondition(isOpen, "the HDF5 library does not start")
    // Per thread in builds of HDF5 that know threads, hence not once for all. Errors are thrown, not printed.
    H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    return try body()
  }

  /// Such as "1.10.8".
  package static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    _ = exclusively { H5get_libversion(&major, &minor, &release) }
    return "\(major).\(minor).\(release)"
  }

  /// The identifiers of files, groups, datasets, types and attributes that are open now: 0 between operations.
  package static var openIdentifiers: Int {
    exclusively { hdf5_open_identifiers() }
  }
}
