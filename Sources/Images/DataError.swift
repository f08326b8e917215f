import System

/// Why a file cannot be used as data: which file, what was expected of it, what was found, and what to do.
public struct DataError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The file is not there or cannot be read.
    case missing
    /// The file can be read, and is not what it has to be.
    case invalid
    /// The file cannot be written.
    case unwritable
  }

  public let kind: Kind
  /// The file or folder, as the caller named it.
  public let path: String
  public let expected: String
  public let found: String
  /// What to do about it: whole sentences, or nothing.
  public let advice: String

  public init(_ kind: Kind, path: String, expected: String, found: String, advice: String = "") {
    self.kind = kind
    self.path = path
    self.expected = expected
    self.found = found
    self.advice = advice
  }

  /// The same of a file of another name.
  func named(_ path: String) -> DataError {
    DataError(kind, path: path, expected: expected, found: found, advice: advice)
  }

  /// The same with more advice, after what there is.
  package func advising(_ more: String) -> DataError {
    DataError(kind, path: path, expected: expected, found: found, advice: advice.isEmpty ? more : "\(advice) \(more)")
  }

  public var exitStatus: ExitStatus {
    switch kind {
    case .missing: .missingInput
    case .invalid: .badData
    case .unwritable: .cannotCreate
    }
  }

  public var description: String { "\(path): \(problem)." + (advice.isEmpty ? "" : " \(advice)") }

  /// What is wrong, without the file's name.
  public var problem: String { "expected \(expected), found \(found)" }
}
