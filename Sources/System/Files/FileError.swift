import Glibc
import System

/// Why a file or folder of the program's own, such as a checkpoint, cannot be read or written.
public struct FileError: ExitStatusError, CustomStringConvertible, Sendable {
  public enum Kind: Sendable, Equatable {
    /// Nothing is there (sysexits 66).
    case missing
    /// It is there, but it cannot be opened or read: permissions, locks, the device (sysexits 74).
    case cannotRead
    /// Not a file of this program of the kind expected, or one of a later version (sysexits 65).
    case wrongKind
    /// Truncated or altered (sysexits 65).
    case damaged
    /// A whole file that does not go with what it is to be used for (sysexits 65).
    case mismatch
    /// The file or folder cannot be created (sysexits 73).
    case cannotCreate
    /// Writing failed on the way, such as on a full disk (sysexits 74).
    case cannotWrite
    /// A later process has claimed the folder (sysexits 73).
    case takenOver
  }

  public let kind: Kind
  /// The file or folder.
  public let path: String
  /// What was expected and what was found.
  public let problem: String
  /// What a person can do about it; may be empty.
  public let advice: String

  public init(_ kind: Kind, path: String, problem: String, advice: String = "") {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  public var exitStatus: ExitStatus {
    switch kind {
    case .missing: .missingInput
    case .wrongKind, .damaged, .mismatch: .badData
    case .cannotCreate, .takenOver: .cannotCreate
    case .cannotRead, .cannotWrite: .inputOutput
    }
  }

  public var description: String {
    "\(path): \(problem)" + (advice.isEmpty ? "" : ". \(advice)")
  }
}

extension FileError {
  /// For a call of the system that failed with `code`: its words, and what usually helps.
  package init(_ kind: Kind, path: String, what: String, code: CInt) {
    self.init(
      kind, path: path, problem: "\(what): \(systemWords(code))",
      advice: systemAdvice(code, writing: kind == .cannotCreate || kind == .cannotWrite))
  }
}

/// What usually helps where the system refuses a file with an error number; may be empty.
///
/// - Parameter writing: whether something was to be made or changed, or else read.
package func systemAdvice(_ code: CInt, writing: Bool) -> String {
  switch code {
  case ENOSPC, EDQUOT: "Make room there"
  case EACCES, EPERM: writing ? "Change its rights, or choose another place" : "Change its rights"
  case EROFS: "Choose a place that can be written"
  case EISDIR, EEXIST, ENOTEMPTY: writing ? "Move away what bears that name" : ""
  case ENOENT, ENOTDIR: writing ? "Make the folder first" : ""
  case EFBIG: "Raise the limit of a file's size (ulimit -f)"
  case EMFILE, ENFILE: "Raise the limit of open files (ulimit -n)"
  case ELOOP: "A symbolic link leads back to itself"
  case EIO, ESTALE, ENXIO: "The device or the network behind it fails"
  default: ""
  }
}

/// The system's words for an error number.
package func systemWords(_ code: CInt) -> String {
  String(cString: strerror(code))
}
