import Checkpoint
import Evaluation
import Step

/// The point that a run has reached: what its checkpoints hold beside the tensors and the schedule.
struct RunPosition {
  /// The number of steps done.
  var iteration = 0
  /// The number of epochs done, with their evaluations.
  var epochsDone = 0
  var best: BestResult?
  /// The running sums of the epoch that is not done yet.
  var epochSums = EpochSums()
  /// The seconds spent in training, over all of the run's processes.
  var secondsTrained = 0.0

  init() {}

  init(_ state: TrainingState) {
    (iteration, epochsDone, best) = (state.iteration, state.epoch, state.best)
    (epochSums, secondsTrained) = (state.epochSums, state.secondsTrained)
  }

  /// Whether the last evaluation was the best, and no step has been done since.
  var isBest: Bool { best?.iteration == iteration }

  /// Adds a step on `samples` samples.
  mutating func add(_ result: StepResult, samples: Int, seconds: Double) {
    iteration += 1
    epochSums.add(
      lossSum: result.lossSum, errors: result.errors, samples: samples, seconds: seconds,
      dataSeconds: result.time.data)
    secondsTrained += seconds
  }

  /// Counts the epoch as done. Returns whether its evaluation is the best so far.
  mutating func finishEpoch(_ counts: ErrorCounts) -> Bool {
    epochsDone += 1
    // Where nothing validates, the newest is the best.
    guard counts.images == 0 || counts.top1Error < best?.validationTop1Error ?? .infinity else { return false }
    best = BestResult(validationTop1Error: counts.top1Error, iteration: iteration)
    return true
  }
}
