import Step
import System

/// The seconds of one process of a run, by what they were spent on, on one rank.
public struct RunTime: Equatable, Sendable {
  public var steps = StepTime()
  public var evaluation = 0.0
  /// Copying what belongs in checkpoints, and waiting for a write that still goes on.
  public var checkpoint = 0.0

  public init() {}

  public var total: Double { steps.total + evaluation + checkpoint }
}
