/// Something about the machine that a person should know, with what to do about it.
public struct Finding: Equatable, Sendable, Codable {
  public enum Severity: String, Sendable, Codable, CaseIterable {
    /// Good to know.
    case note
    /// Works, but slower or less safely than it could.
    case warning
    /// Training would fail, or lose its results.
    case problem
  }

  public let severity: Severity
  /// What was found, where.
  public let text: String
  /// What to do.
  public let advice: String

  public init(_ severity: Severity, _ text: String, advice: String) {
    self.severity = severity
    self.text = text
    self.advice = advice
  }
}
