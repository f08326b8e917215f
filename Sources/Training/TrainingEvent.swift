import Configuration
import Evaluation
import Network
import Step

/// What a training run tells those who listen to it. Told on rank 0 only.
public enum TrainingEvent: Sendable {
  /// Something went wrong that does not end the run.
  case warning(String)
  /// Training starts.
  case started(TrainingDescription)
  /// A step is done.
  case progress(TrainingProgress)
  /// A step that was to be noted has made `iteration` iterations: what it did to each layer that has weights.
  case statistics(iteration: Int, [LayerStatistics])
  /// The ranks' shares of the mini-batch follow their speed from now on: the images of each rank.
  case balanced([Int])
  /// An epoch is evaluated.
  case evaluated(EpochResult)
  /// A checkpoint is in place. Training has gone on meanwhile.
  case saved(path: String, iteration: Int, isBest: Bool)
  /// A checkpoint could not be saved; a warning has said why.
  case notSaved(iteration: Int)
  case finished(TrainingSummary)
}

/// What is trained, on what, how, and from where on.
public struct TrainingDescription: Sendable {
  /// The run's folder.
  public var run: String
  /// The checkpoint that the run goes on from; nil for a new run.
  public var resumedFrom: String?
  /// The iteration that it begins at.
  public var iteration: Int
  public var configuration: Configuration
  /// The command as typed, and the name and version of the program.
  public var commandLine: String
  public var program: String
  public var model: String
  public var parameterCount: Int
  public var multiplyAdds: Int
  public var weightLayers: Int
  public var dataDirectory: String
  public var trainingImages: Int
  public var validationImages: Int
  public var testImages: Int
  public var classNames: [String]
  public var ranks: Int
  /// The hosts with the number of ranks on each, in the order of ranks.
  public var hosts: [(name: String, ranks: Int)]
  public var threads: Int
  public var leafCount: Int
  public var leafSize: Int
  public var isReproducible: Bool
  /// Whether the shares follow the ranks' speed.
  public var balancesShares: Bool
}

/// How far training is.
public struct TrainingProgress: Sendable {
  public var epoch: Int
  public var epochs: Int
  public var iteration: Int
  public var iterations: Int
  /// The mean over the epoch so far.
  public var loss: Double
  /// The error in per cent over the epoch so far.
  public var top1Error: Double
  public var learningRate: Double
  /// The images of this process's steps for each second, evaluation and checkpoints left out.
  public var imagesPerSecond: Double
  /// The share of the epoch's time that rank 0 has waited for data, from 0 to 1.
  public var dataShare: Double
  public var secondsLeft: Double
  /// The share of rank 0's time in steps that went into waiting for other ranks and moving data, from 0 to 1.
  public var communicationShare: Double
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
  /// The time of the epoch that rank 0 has waited for data.
  public var dataSeconds: Double
  /// Rank 0's time in this process so far.
  public var time: RunTime
  public var isBest: Bool
  /// The rate of the next epoch, where it has just dropped.
  public var droppedTo: Double?
  /// The learned coefficients of each activation.
  public var slopes: [LayerSlopes]
  /// The filters of the first convolution; nil where there is none.
  public var firstFilters: FilterBank?
}

/// The end of a run.
public struct TrainingSummary: Sendable {
  public enum Ending: Equatable, Sendable {
    /// All epochs are done, or the last plateau is reached.
    case completed(lastPlateau: Bool)
    /// The iterations asked for are done.
    case iterationLimit
    /// A signal or the time limit came; the text names it.
    case interrupted(String)
  }
  public var ending: Ending
  public var iteration: Int
  public var epochs: Int
  /// The iteration of the best checkpoint; nil where nothing was evaluated.
  public var bestIteration: Int?
  /// The top-1 error of the best checkpoint in per cent; nil where nothing was evaluated.
  public var bestValidationError: Double?
  /// The test errors of the best checkpoint, where the run completed.
  public var test: ErrorCounts?
  public var run: String
  public var secondsTrained: Double
  public var time: RunTime
}
