import System

/// The views of an image that a network sees in a test, and how their scores are combined (paper, section 4 on
/// testing).
public struct TestProtocol: Equatable, Sendable {
  /// The parts of an image that are scored.
  public enum Views: String, CaseIterable, Sendable {
    /// The crop in the middle of the image.
    case center
    /// The four corners and the middle, each with its mirror image.
    case tenView = "10-view"
    /// Every window of the last map of the whole image.
    case dense
  }

  /// The quantities that are averaged over views, scales and models.
  public enum Averaging: String, CaseIterable, Sendable {
    /// The outputs of the softmax.
    case probabilities
    /// The inputs of the softmax.
    case logits
  }

  public var views: Views
  /// The lengths that the image's shorter side is resized to, one after the other; if empty, each model's recipe
  /// decides.
  public var scales: [Int]
  /// Whether the mirror image counts as well. Five of the ten views are always mirrored.
  public var mirror: Bool
  public var averaging: Averaging

  public init(
    _ views: Views, scales: [Int] = [], mirror: Bool? = nil, averaging: Averaging = .probabilities
  ) {
    self.views = views
    self.scales = scales
    self.mirror = mirror ?? (views != .center)
    self.averaging = averaging
  }

  /// The test that training validates with.
  public static let center = TestProtocol(.center)
}

/// A test that cannot be made.
public struct EvaluationError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  public var exitStatus: ExitStatus { .usage }

  public init(_ description: String) { self.description = description }
}
