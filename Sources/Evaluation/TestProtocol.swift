import System

/// What of an image a network sees in a test, and how the scores of the views are combined (paper, section 4 on testing).
public struct TestProtocol: Equatable, Sendable {
  public enum Views: String, CaseIterable, Sendable {
    /// The middle of the image.
    case center
    /// The four corners and the middle, each with its mirror image.
    case tenView = "10-view"
    /// Each window of the last map of the whole image.
    case dense
  }

  /// What is averaged over views, scales and models.
  public enum Averaging: String, CaseIterable, Sendable {
    /// The outputs of the softmax.
    case probabilities
    /// Its inputs.
    case logits
  }

  public var views: Views
  /// What the image's shorter side is resized to, one after the other; none: as each model's recipe evaluates.
  public var scales: [Int]
  /// Whether the mirror image counts as well. Of the ten views five always are mirrored.
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

  /// What training validates with.
  public static let center = TestProtocol(.center)
}

/// A test that cannot be made.
public struct EvaluationError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  public var exitStatus: ExitStatus { .usage }

  public init(_ description: String) { self.description = description }
}
