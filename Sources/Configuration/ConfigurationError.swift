import System

/// An error for settings that cannot be used. It tells the place and the key, what was expected and what was found.
public struct ConfigurationError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// Neither a recipe nor a file has the name.
    case missing
    /// The file is there, but cannot be read.
    case unreadable
    /// The text is not YAML, or is YAML that is not accepted.
    case malformed
    case unknownKey
    case wrongType
    /// The value has the right type, but makes no sense.
    case invalidValue
  }

  public var kind: Kind
  /// The name of the file or recipe.
  public var source: String?
  /// The line in the file, from 1.
  public var line: Int?
  /// The key with the keys above it, such as `training.batch`.
  public var key: String?
  public var problem: String

  public init(_ kind: Kind, source: String? = nil, line: Int? = nil, key: String? = nil, problem: String) {
    self.kind = kind
    self.source = source
    self.line = line
    self.key = key
    self.problem = problem
  }

  public var exitStatus: ExitStatus {
    switch kind {
    case .missing: .missingInput
    case .unreadable: .inputOutput
    case .malformed, .unknownKey, .wrongType, .invalidValue: .badData
    }
  }

  public var description: String {
    let place = [source, line.map { source == nil ? "line \($0)" : "\($0)" }].compactMap(\.self)
    return ([place.joined(separator: ":"), key ?? ""].filter { !$0.isEmpty } + [problem]).joined(separator: ": ")
  }
}
