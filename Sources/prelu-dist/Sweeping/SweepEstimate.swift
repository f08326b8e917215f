/// An estimate of the time that a sweep still takes, from the epochs that its runs have done in this start.
package struct SweepEstimate {
  private var seconds = 0.0
  private var epochs = 0

  package init() {}

  /// Adds the epochs that a run has done, and the seconds that they took. One without an epoch tells nothing.
  package mutating func add(epochs: Int, seconds: Double) {
    guard epochs > 0 else { return }
    self.epochs += epochs
    self.seconds += seconds
  }

  /// Returns the seconds until the last run ends, as if each epoch took as long as the mean of those that are done; nil
  /// before the first one.
  ///
  /// - Parameters:
  ///   - training: the numbers of epochs that the runs in training still have to do.
  ///   - waiting: those of the runs that follow, in their order.
  ///   - parallel: the number of runs at a time.
  package func secondsLeft(training: [Int], waiting: [Int], parallel: Int) -> Double? {
    guard epochs > 0 else { return nil }
    var ends = training + [Int](repeating: 0, count: max(0, parallel - training.count))
    for count in waiting {
      // The run that ends first makes room for the next one.
      guard let first = ends.indices.min(by: { ends[$0] < ends[$1] }) else { return nil }
      ends[first] += count
    }
    return Double(ends.max() ?? 0) * seconds / Double(epochs)
  }
}
