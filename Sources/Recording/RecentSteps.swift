import Reports
import Training

/// The steps since the last row of `progress.csv`. A process that goes on with a run begins with none.
struct RecentSteps {
  private var lossSum = 0.0
  private var errors = 0
  private var samples = 0

  /// Adds a step.
  ///
  /// - Returns: the row that follows it, after which there are none again; nil where it is not time for one.
  mutating func add(_ progress: TrainingProgress) -> ProgressRow? {
    lossSum += progress.step.lossSum
    errors += progress.step.errors
    samples += progress.step.samples
    guard samples > 0, ProgressRow.isDue(after: progress.iteration) else { return nil }
    defer { self = RecentSteps() }
    return ProgressRow(
      iteration: progress.iteration, samples: samples, loss: lossSum / Double(samples),
      top1Error: 100 * Double(errors) / Double(samples), learningRate: progress.learningRate)
  }
}
