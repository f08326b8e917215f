import System

/// An error for a file that cannot be used as data: it names the file, what was expected and found, and what to do.
public struct DataError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The file is not there or cannot be read.
    case missing
    /// The file can be read, but is not what it has to be.
    case invalid
    /// The file cannot be written.
    case unwritable
    /// The system failed while it was reading what is there: another try may succeed.
    case failed
  }

  public let kind: Kind
  /// The file or folder, as the caller named it.
  public let path: String
  public let expected: String
  public let found: String
  /// The advice on what to do about it: whole sentences, or an empty string.
  public let advice: String

  public init(_ kind: Kind, path: String, expected: String, found: String, advice: String = "") {
    self.kind = kind
    self.path = path
    self.expected = expected
    self.found = found
    self.advice = advice
  }

  /// Returns the same error for a file of another name.
  func named(_ path: String) -> DataError {
    DataError(kind, path: path, expected: expected, found: found, advice: advice)
  }

  /// Returns the same error with more advice after its own.
  package func advising(_ more: String) -> DataError {
    DataError(kind, path: path, expected: expected, found: found, advice: advice.isEmpty ? more : "\(advice) \(more)")
  }

  public var exitStatus: ExitStatus {
    switch kind {
    case .missing: .missingInput
    case .invalid: .badData
    case .unwritable: .cannotCreate
    case .failed: .inputOutput
    }
  }

  public var description: String { "\(path): \(problem)." + (advice.isEmpty ? "" : " \(advice)") }

  /// The description of the problem, without the file's name.
  public var problem: String { "expected \(expected), found \(found)" }
}
