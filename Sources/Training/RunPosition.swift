import Checkpoint

/// How far a run is: what its checkpoints hold beside the tensors and the schedule.
struct RunPosition {
  /// Steps done.
  var iteration = 0
  /// Epochs done, with their evaluations.
  var epochsDone = 0
  var best: BestResult?
  /// The running sums of the epoch that is not done yet.
  var epochSums = EpochSums()
  /// The time spent in training over all of the run's processes.
  var secondsTrained = 0.0

  init() {}

  init(_ state: TrainingState) {
    (iteration, epochsDone, best) = (state.iteration, state.epoch, state.best)
    (epochSums, secondsTrained) = (state.epochSums, state.secondsTrained)
  }

  /// Whether the last evaluation was the best.
  var isBest: Bool { best?.iteration == iteration }
}
