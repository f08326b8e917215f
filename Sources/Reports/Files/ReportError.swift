/// Why a report cannot be made.
public struct ReportError: Error, CustomStringConvertible, Sendable {
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

  init(_ kind: Kind, path: String, problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}
