import Communication
import Configuration
import Evaluation
import Network
import Step

/// An event of a training run, which its listeners hear on rank 0.
public enum TrainingEvent: Sendable {
  /// Something went wrong that does not end the run.
  case warning(String)
  /// A run is planned; its data are not opened yet, which may take long.
  case planned(TrainingPlan)
  /// Training starts.
  case started(TrainingDescription)
  /// A step is done.
  case progress(TrainingProgress)
  /// The step that made it `iteration` iterations was to be noted: what it did to each layer that has weights.
  case statistics(iteration: Int, [LayerStatistics])
  /// The ranks' shares of the mini-batch follow their speed from now on: the images of each rank.
  case balanced([Int])
  /// An epoch is evaluated.
  case evaluated(EpochResult)
  /// A checkpoint is in place. Training has gone on meanwhile.
  case saved(path: String, iteration: Int, isBest: Bool)
  /// A checkpoint could not be saved; a warning has said why.
  case notSaved(iteration: Int)
  /// The trace that was asked for is in its file.
  case traced(path: String)
  /// The run has ended.
  case finished(TrainingSummary)
}

/// The plan of a run: what is known of it before its data are opened.
public struct TrainingPlan: Sendable {
  /// The run's folder.
  public var run: String
  /// The checkpoint that the run goes on from; nil for a new run.
  public var resumedFrom: String?
  public var configuration: Configuration
  /// The hosts with the number of ranks on each, in the order of ranks.
  public var hosts: [(name: String, ranks: Int)]
  /// The number of threads of each rank, and the reason for it.
  public var threads: ThreadPlan
  /// The cores of rank 0's host that the ranks there leave idle because they are bound; nil where they leave none.
  public var unusedCores: UnusedCores?
}

/// The description of a run: the network, the data, the ranks, and the point that it starts at.
public struct TrainingDescription: Sendable {
  /// The run's folder.
  public var run: String
  /// The checkpoint that the run goes on from; nil for a new run.
  public var resumedFrom: String?
  /// The iteration that it begins at.
  public var iteration: Int
  public var configuration: Configuration
  /// The command as typed.
  public var commandLine: String
  /// The name and version of the program.
  public var program: String
  /// The weights that a new run has taken from a file, in a few lines; empty where it took none.
  public var firstWeights: [String]
  public var model: Model
  public var data: DataSet
  public var ranks: Ranks

  /// The network that is trained.
  public struct Model: Sendable {
    public var name: String
    public var parameterCount: Int
    /// The multiply-adds of one image's forward pass.
    public var multiplyAdds: Int
    public var weightLayers: Int
    /// The classes in the order of the scores.
    public var classNames: [String]
  }

  /// The data that it is trained on.
  public struct DataSet: Sendable {
    /// The pack, or the folder of IDX files.
    public var path: String
    public var trainingImages: Int
    public var validationImages: Int
    public var testImages: Int
    /// The names of the classes without an image to train on.
    public var emptyClasses: [String]
  }

  /// The processes that train it.
  public struct Ranks: Sendable {
    public var count: Int
    /// The hosts with the number of ranks on each, in the order of ranks.
    public var hosts: [(name: String, ranks: Int)]
    /// The number of threads of each rank, and the reason for it.
    public var threads: ThreadPlan
    /// The division of the mini-batch that the run begins with.
    public var shares: Shares
    /// Whether the shares of the mini-batch follow the ranks' speed.
    public var balancesShares: Bool
  }
}

/// The figures of the epoch that is under way.
public struct TrainingProgress: Sendable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  public var epochs: Int
  /// The number of steps done.
  public var iteration: Int
  /// The number of steps at which the run ends: those of all epochs, or as many as were asked for.
  public var iterations: Int
  /// The mean loss over the epoch so far.
  public var loss: Double
  /// The top-1 error over the epoch so far, in percent.
  public var top1Error: Double
  public var learningRate: Double
  /// The speed of this process's steps; evaluations and checkpoints are left out.
  public var imagesPerSecond: Double
  /// The share of the epoch's time that rank 0 has waited for data, from 0 to 1.
  public var dataShare: Double
  /// The estimated time to the end.
  public var secondsLeft: Double
  /// The share of rank 0's time in steps that went into waiting for other ranks and moving data, from 0 to 1.
  public var communicationShare: Double
  /// The step that was just done.
  public var step: Step

  /// The result of one step.
  public struct Step: Sendable {
    /// The number of samples of the mini-batch.
    public var samples: Int
    /// The sum of their losses.
    public var lossSum: Double
    /// The number of samples that were classified wrongly.
    public var errors: Int
  }
}

/// The result of a finished epoch.
public struct EpochResult: Sendable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The number of steps done.
  public var iteration: Int
  /// The learning rate of the epoch's last step.
  public var learningRate: Double
  /// The mean loss over the epoch.
  public var trainLoss: Double
  /// The top-1 error over the epoch, in percent.
  public var trainTop1Error: Double
  public var validation: ErrorCounts
  /// The errors of the moving average of the weights; nil where none is kept.
  public var averagedValidation: ErrorCounts?
  /// The speed of the epoch's steps.
  public var imagesPerSecond: Double
  /// The time spent in training since the run began, over all its processes.
  public var seconds: Double
  /// The part of the epoch's time that rank 0 has waited for data.
  public var dataSeconds: Double
  /// Rank 0's time in this process so far.
  public var time: RunTime
  /// Whether the validation error is the lowest so far.
  public var isBest: Bool
  /// The learning rate of the next epoch, where it has just dropped; nil elsewhere.
  public var droppedTo: Double?
  /// The learned coefficients of each activation.
  public var slopes: [LayerSlopes]
  /// The filters of the first convolution; nil where there is none.
  public var firstFilters: FilterBank?
}

/// The summary of a run that has ended.
public struct TrainingSummary: Sendable {
  /// The reason for the end.
  public enum Ending: Equatable, Sendable {
    /// All epochs are done, or the last plateau is reached.
    case completed(lastPlateau: Bool)
    /// The iterations asked for, of which the number is given, are done.
    case iterationLimit(Int)
    /// A sheet of samples is written, and nothing else was asked for.
    case previewed
    /// A signal or the time limit came; the text names it.
    case interrupted(String)
  }
  public var ending: Ending
  /// The number of steps done.
  public var iteration: Int
  /// The number of epochs done.
  public var epochs: Int
  /// The iteration of the best checkpoint; nil where nothing was evaluated.
  public var bestIteration: Int?
  /// Whether the best checkpoint is still in the run's folder.
  public var bestIsThere: Bool
  /// The top-1 error of the best checkpoint in percent; nil where nothing was evaluated.
  public var bestValidationError: Double?
  /// The test of the best checkpoint; nil where the run did not complete, or the data have no test split.
  public var test: Test?
  /// The run's folder.
  public var run: String
  /// The seconds spent in training since the run began, over all its processes.
  public var secondsTrained: Double
  /// Rank 0's time in this process.
  public var time: RunTime

  /// The test of a run's best checkpoint on the test split, by the protocol that validates.
  public struct Test: Sendable {
    public var counts: ErrorCounts
    /// The path of the checkpoint.
    public var checkpoint: String
    /// Whether it is the best one, and not the newest because the best one is gone.
    public var isBest: Bool
    public var seconds: Double
  }
}
