import Step
import System

/// The time of one process of a run on one rank, in seconds, by what it was spent on.
public struct RunTime: Equatable, Sendable {
  public var steps = StepTime()
  public var evaluation = 0.0
  /// Copying the tensors of checkpoints, and waiting for a write that still goes on.
  public var checkpoint = 0.0

  public init() {}

  /// The whole time.
  public var total: Double { steps.total + evaluation + checkpoint }
}

/// Adds up the time of this process's steps and evaluations, and the images of its steps.
struct RunMeter {
  /// The time so far, without that of checkpoints.
  private(set) var time = RunTime()
  /// The number of images in the steps that did not diverge, and the seconds that these steps took.
  private(set) var images = 0
  private var seconds = 0.0

  var imagesPerSecond: Double { Double(images) / max(seconds, 1e-9) }

  mutating func add(_ step: StepTime) { time.steps += step }

  mutating func addEvaluation(_ seconds: Double) { time.evaluation += seconds }

  mutating func add(images: Int, in seconds: Double) {
    self.images += images
    self.seconds += seconds
  }
}
