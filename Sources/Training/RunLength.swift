/// The length of a run and of its steps, by which iterations become epochs.
public struct RunLength: Equatable, Sendable {
  /// The number of samples of an epoch.
  public var samples: Int
  /// The number of samples of a step.
  public var batch: Int
  /// The number of epochs of the run.
  public var epochs: Int

  public init(samples: Int, batch: Int, epochs: Int) {
    precondition(samples > 0 && batch > 0, "steps of \(batch) of \(samples) samples")
    self.samples = samples
    self.batch = batch
    self.epochs = epochs
  }

  /// Returns the number of epochs that `iterations` steps make, which need not be whole.
  func epochs(after iterations: Int) -> Double { Double(iterations * batch) / Double(samples) }
}
