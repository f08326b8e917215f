/// Something about the machine that a person should know, with advice.
public struct Finding: Equatable, Sendable, Codable {
  public enum Severity: String, Sendable, Codable, CaseIterable {
    /// Something that is good to know.
    case note
    /// Something that works, but slower or less safely than it could.
    case warning
    /// Something because of which training would fail, or lose its results.
    case problem
  }

  public let severity: Severity
  /// The place, and what was found there.
  public let text: String
  /// The advice: what to do about it.
  public let advice: String

  public init(_ severity: Severity, _ text: String, advice: String) {
    self.severity = severity
    self.text = text
    self.advice = advice
  }
}
