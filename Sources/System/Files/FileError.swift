import SystemPackage

/// The reason why a file or folder, such as a checkpoint or a table, cannot be read or written.
public struct FileError: ExitStatusError, CustomStringConvertible, Sendable {
  public enum Kind: Sendable, Equatable {
    /// Nothing is there.
    case missing
    /// It is there, but it cannot be opened or read: permissions, locks, the device.
    case cannotRead
    /// The file is not of the kind expected, or a later version of the program wrote it.
    case wrongKind
    /// The file is truncated or was altered.
    case damaged
    /// The file is whole, but it does not go with what it is to be used for.
    case mismatch
    /// The file or folder cannot be created.
    case cannotCreate
    /// Writing failed on the way, such as on a full disk.
    case cannotWrite
    /// A later process has claimed the folder.
    case takenOver
  }

  public let kind: Kind
  /// The file or folder.
  public let path: String
  /// A sentence on what was expected and what was found.
  public let problem: String
  /// A sentence on what a person can do about it; it may be empty.
  public let advice: String
  /// The system's own error; nil where it refused nothing.
  package let code: Errno?

  public init(_ kind: Kind, path: String, problem: String, advice: String = "") {
    self.init(kind, path: path, problem: problem, advice: advice, code: nil)
  }

  private init(_ kind: Kind, path: String, problem: String, advice: String, code: Errno?) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
    self.code = code
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
  /// An error for a system call that failed with `code`: the system's words, and what usually helps.
  package init(_ kind: Kind, path: String, what: String, code: Errno) {
    self.init(
      kind, path: path, problem: "\(what): \(code)",
      advice: code.advice(writing: kind == .cannotCreate || kind == .cannotWrite), code: code)
  }

  /// The same error for a file that a person knows by another name.
  package func named(_ path: String) -> FileError {
    FileError(kind, path: path, problem: problem, advice: advice, code: code)
  }

  /// The same error with more advice, after what there is.
  package func advising(_ more: String) -> FileError {
    FileError(
      kind, path: path, problem: problem, advice: advice.isEmpty ? more : "\(advice). \(more)", code: code)
  }
}
