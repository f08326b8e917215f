import Evaluation

/// What a training run tells whoever shows it to a person. Told on rank 0 only.
public enum TrainingEvent: Sendable {
  /// Something went wrong that does not end the run.
  case warning(String)
  /// Training starts; `resumedFrom` names the checkpoint that it goes on from, `iteration` says where.
  case started(TrainingDescription, resumedFrom: String?, iteration: Int)
  /// After a step.
  case progress(TrainingProgress)
  /// The ranks' shares of the mini-batch follow their speed from now on: the images of each.
  case balanced([Int])
  /// After an epoch's evaluation.
  case evaluated(EpochResult)
  /// A checkpoint is in place. Training has gone on meanwhile.
  case saved(path: String, iteration: Int, isBest: Bool)
  /// A checkpoint could not be saved; a warning has said why.
  case notSaved(iteration: Int)
  case finished(TrainingSummary)
}

/// What is trained, on what, how: for the banner.
public struct TrainingDescription: Sendable {
  public var run: String
  public var model: String
  public var parameterCount: Int
  public var multiplyAdds: Int
  public var weightLayers: Int
  public var dataDirectory: String
  public var trainingImages: Int
  public var validationImages: Int
  public var testImages: Int
  public var classes: Int
  public var batch: Int
  public var epochs: Int
  public var seed: UInt64
  public var ranks: Int
  /// Host names with the number of ranks on each, in rank order.
  public var hosts: [(name: String, ranks: Int)]
  public var threads: Int
  public var leafCount: Int
  public var leafSize: Int
  public var isReproducible: Bool
  /// The shares follow the ranks' speed.
  public var balancesShares: Bool
}

/// Where training stands.
public struct TrainingProgress: Sendable {
  public var epoch: Int
  public var epochs: Int
  public var iteration: Int
  public var iterations: Int
  /// Means over the epoch so far.
  public var loss: Double
  public var top1Error: Double
  public var learningRate: Double
  /// Of this process, evaluation and checkpoints left out.
  public var imagesPerSecond: Double
  /// The share of the epoch's time that rank 0 has waited for data, 0 ... 1.
  public var dataShare: Double
  public var secondsLeft: Double
  /// The share of rank 0's time in training that went into waiting for other ranks and moving data, from 0 to 1.
  public var waiting: Double
}

/// One finished epoch.
public struct EpochResult: Sendable {
  public var epoch: Int
  public var iteration: Int
  public var learningRate: Double
  public var trainLoss: Double
  public var trainTop1Error: Double
  public var validation: ErrorCounts
  public var imagesPerSecond: Double
  public var seconds: Double
  /// Of the epoch: how long rank 0 has waited for data.
  public var dataSeconds: Double
  /// Rank 0's time in this process so far.
  public var time: TimeSplit
  public var isBest: Bool
  /// The rate of the next epoch, where it has just dropped.
  public var droppedTo: Double?
}

/// How a run ended.
public struct TrainingSummary: Sendable {
  public enum Ending: Equatable, Sendable {
    /// All epochs done, or the last plateau reached.
    case completed(lastPlateau: Bool)
    /// `--iterations` reached.
    case iterationLimit
    /// A signal or the time limit; the text names it.
    case interrupted(String)
  }
  public var ending: Ending
  public var iteration: Int
  public var epochs: Int
  /// Of the best checkpoint; nil where the run did not complete, or nothing was evaluated.
  public var bestIteration: Int?
  public var bestValidationError: Double?
  public var test: ErrorCounts?
  public var run: String
  public var secondsTrained: Double
  public var time: TimeSplit
}
