import Configuration
import Kernels

/// What a run is asked to do beyond its configuration: where, from what, how long, on how many threads. None of it
/// changes the result of a step, but `convolution` and `shares` do by rounding.
public struct TrainingSettings: Sendable {
  /// Where a run begins.
  public enum Start: Equatable, Sendable {
    /// A new run in a new folder.
    case new
    /// The newest whole checkpoint of this run folder, which must have one.
    case resume(String)
    /// The newest whole checkpoint of the run folder if it has one, else anew. Where no folder is named: of the last
    /// saved of those that this recipe's runs were given.
    case auto
  }

  /// The run folder; nil for one named after the recipe.
  public var runFolder: String?
  public var start: Start
  /// Whole iterations after which to save and stop.
  public var iterations: Int?
  /// Seconds after which to save and stop.
  public var timeLimit: Double?
  /// Threads of each rank; nil for as many as the rank's cores allow.
  public var threads: Int?
  /// How all convolutions are to be computed; nil for the choice by shape.
  public var convolution: ConvolutionMethod?
  /// Threads of each rank that load images ahead of the step, where loading takes long; nil for a quarter of `threads`.
  public var loadingThreads: Int?
  /// How the mini-batch is divided among the ranks.
  public var shares: SharePolicy
  /// Training images to show on a sheet in the run folder, as the network sees them; nil for none.
  public var preview: Int?
  /// Notes statistics of all layers in every so many steps, and in the first one; nil for never.
  public var statisticsEvery: Int?
  /// Goes on although the data differ from those that the run was trained on.
  public var acceptsOtherData: Bool
  /// The command as typed, for the checkpoint.
  public var commandLine: String
  /// Name and version of the program.
  public var program: String

  public init(
    runFolder: String? = nil, start: Start = .new, iterations: Int? = nil, timeLimit: Double? = nil,
    threads: Int? = nil, convolution: ConvolutionMethod? = nil, loadingThreads: Int? = nil,
    shares: SharePolicy = .even, preview: Int? = nil, statisticsEvery: Int? = nil,
    acceptsOtherData: Bool = false, commandLine: String, program: String
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
    self.acceptsOtherData = acceptsOtherData
    self.commandLine = commandLine
    self.program = program
  }
}
