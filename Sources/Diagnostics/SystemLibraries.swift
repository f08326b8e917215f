import Glibc
import HDF5
import Hashing
import Kernels

/// The system's libraries that a program runs on, beside MPI and those for pictures.
public enum SystemLibraries {
  /// The name and the version of each that is loaded, such as "HDF5 1.10.8".
  public static var versions: [String] {
    // The description goes on with what the library was built with.
    let blas = MatrixLibrary.version.split(separator: " ").prefix(2).joined(separator: " ")
    return [
      libcName, "HDF5 \(HDF5Library.version)", SHA256.library,
      "\(blas) (kernel \(MatrixLibrary.kernelName))",
    ]
  }

  /// The name and version of the C library, such as "glibc 2.36".
  private static var libcName: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      text.initialize(repeating: 0)
      _ = confstr(Int32(_CS_GNU_LIBC_VERSION), text.baseAddress, text.count)
      return String(cString: text.baseAddress!)
    }
  }
}
