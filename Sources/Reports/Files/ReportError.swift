import System

/// Why a table or a report cannot be read or written.
public struct ReportError: ExitStatusError, CustomStringConvertible, Sendable {
  public enum Kind: Sendable, Equatable {
    /// What is to be shown is not there (sysexits 66).
    case missing
    /// It is there, but is nothing that a report can show (sysexits 65).
    case wrongContents
    /// The report's file or folder cannot be made (sysexits 73).
    case cannotCreate
    /// The system refuses to read or write (sysexits 74).
    case inputOutput
  }

  public let kind: Kind
  public let path: String
  public let problem: String
  /// What a person can do about it; may be empty.
  public let advice: String

  init(_ kind: Kind, path: String, problem: String, advice: String = "") {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  /// For a file that is not the table that it should be.
  init(table path: String, problem: String) {
    self.init(
      .wrongContents, path: path, problem: problem, advice: "Move it away, or have it written anew")
  }

  public var exitStatus: ExitStatus {
    switch kind {
    case .missing: .missingInput
    case .wrongContents: .badData
    case .cannotCreate: .cannotCreate
    case .inputOutput: .inputOutput
    }
  }

  public var description: String { "\(path): \(problem)" + (advice.isEmpty ? "" : ". \(advice)") }
}
