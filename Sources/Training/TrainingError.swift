import System

/// The reason why training, or a test of a trained network, cannot start or go on.
public struct TrainingError: ExitStatusError, CustomStringConvertible, Sendable {
  public let exitStatus: ExitStatus
  public let description: String

  public init(_ exitStatus: ExitStatus, _ description: String) {
    self.exitStatus = exitStatus
    self.description = description
  }
}
