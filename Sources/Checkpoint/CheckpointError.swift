import Glibc

/// Why a checkpoint or a run folder cannot be read or written.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable, Equatable {
    /// Nothing is there (sysexits 66).
    case missing
    /// It is there, but it cannot be opened or read: permissions, locks, the device (sysexits 74).
    case cannotRead
    /// Not a checkpoint of this program, or one of a later version (sysexits 65).
    case wrongKind
    /// A checkpoint that is truncated or altered (sysexits 65).
    case damaged
    /// A whole checkpoint, of another network (sysexits 65).
    case mismatch
    /// The file or folder cannot be created (sysexits 73).
    case cannotCreate
    /// Writing failed on the way, such as on a full disk (sysexits 74).
    case cannotWrite
    /// A later run has claimed the folder (sysexits 73).
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

  public var description: String {
    "\(path): \(problem)" + (advice.isEmpty ? "" : ". \(advice)")
  }
}

/// The system's words for an error number.
func systemWords(_ code: CInt) -> String {
  String(cString: strerror(code))
}
