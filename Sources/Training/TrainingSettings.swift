import Configuration
import Kernels
import Tracing

/// The settings of a run beyond its configuration: where it writes, from what it starts, how long it goes on, on how
/// many threads. None of them changes the result of a step, except `convolution` and `shares`, which change its
/// rounding.
public struct TrainingSettings: Sendable {
  /// The start of a run.
  public enum Start: Equatable, Sendable {
    /// A new run in a new folder.
    case new
    /// The newest whole checkpoint of this run folder, which must have one.
    case resume(String)
    /// The newest whole checkpoint of the run folder if it has one, else a new run. Where no folder is named, it is
    /// that folder of this recipe's runs that was saved to last.
    case auto
  }

  /// The run folder; nil for one named after the recipe.
  public var runFolder: String?
  public var start: Start
  /// The number of iterations, counted from the run's beginning, after which to save and stop; nil for no such limit.
  public var iterations: Int?
  /// The seconds of this process after which to save and stop; nil for no limit.
  public var timeLimit: Double?
  /// The number of threads of each rank; nil for what the environment and the rank's cores say.
  public var threads: Int?
  /// The algorithm of all convolutions; nil for the choice by shape.
  public var convolution: ConvolutionMethod?
  /// The number of threads of each rank that load images ahead of the step, where loading takes long; nil for a quarter
  /// of `threads`.
  public var loadingThreads: Int?
  /// The way in which the mini-batch is divided among the ranks.
  public var shares: SharePolicy
  /// The number of training images to show, as the network sees them, on a sheet in the run folder; nil for none.
  public var preview: Int?
  /// The number of steps in which the layers' statistics are noted once; they are also noted in the first step of all.
  /// Nil for never.
  public var statisticsEvery: Int?
  /// The trace of the first steps that is asked for; nil for none.
  public var trace: TraceRequest?
  /// Whether to go on although the data differ from those that the run was trained on.
  public var acceptsOtherData: Bool
  /// The command as typed, for the checkpoint.
  public var commandLine: String
  /// The name and version of the program, for the checkpoint.
  public var program: String

  /// Whether only a sheet of samples is asked for.
  ///
  /// - Parameter checkpoint: the checkpoint that the run goes on from; nil for a new run.
  func isPreview(of checkpoint: String?) -> Bool { preview != nil && iterations == 0 && checkpoint == nil }

  public init(
    runFolder: String? = nil, start: Start = .new, iterations: Int? = nil, timeLimit: Double? = nil,
    threads: Int? = nil, convolution: ConvolutionMethod? = nil, loadingThreads: Int? = nil,
    shares: SharePolicy = .even, preview: Int? = nil, statisticsEvery: Int? = nil,
    trace: TraceRequest? = nil, acceptsOtherData: Bool = false, commandLine: String, program: String
  ) {
    self.runFolder = runFolder
    self.start = start
    self.iterations = iterations
    self.timeLimit = timeLimit
    self.threads = threads
    self.convolution = convolution
    self.loadingThreads = loadingThreads
    self.shares = shares
    self.preview = preview
    self.statisticsEvery = statisticsEvery
    self.trace = trace
    self.acceptsOtherData = acceptsOtherData
    self.commandLine = commandLine
    self.program = program
  }
}
