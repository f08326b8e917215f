import CMPI
import System

/// A call to MPI that failed, with MPI's own words.
public struct MPIError: ExitStatusError, CustomStringConvertible, Sendable {
  /// The MPI function, such as `MPI_Ibcast`.
  public let call: String
  /// The value that the function returned. Its meaning belongs to the library; only `MPI_SUCCESS` is the same
  /// everywhere.
  public let code: Int32
  /// The text of `MPI_Error_string`.
  public let message: String

  init(call: String, code: Int32, message: String) {
    self.call = call
    self.code = code
    self.message = message
  }

  init(call: String, code: Int32) {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(MPI_MAX_ERROR_STRING) + 1) { buffer in
      buffer.initialize(repeating: 0)
      var length: Int32 = 0
      guard MPI_Error_string(code, buffer.baseAddress, &length) == MPI_SUCCESS else { return "unknown error \(code)" }
      // MPICH's text has a line for each function that the error went through.
      return String(cString: buffer.baseAddress!).split(separator: "\n").joined(separator: "; ")
    }
    self.init(call: call, code: code, message: text)
  }

  public var exitStatus: ExitStatus { .internalError }

  public var description: String {
    "\(call) failed: \(message). `prelu-dist doctor` under the same mpirun looks at hosts and network"
  }
}

/// Throws the error that `call` returned; returns if it succeeded.
func check(_ code: Int32, _ call: String) throws(MPIError) {
  guard code == MPI_SUCCESS else { throw MPIError(call: call, code: code) }
}
