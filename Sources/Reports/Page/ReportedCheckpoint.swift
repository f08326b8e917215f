import Checkpoint

/// What a report says of the checkpoint that it shows.
public struct ReportedCheckpoint: Sendable {
  public var iteration: Int
  /// The time spent in training over all of the run's processes.
  public var secondsTrained: Double
  public var parameterCount: Int
  /// When it was written: ISO 8601, UTC.
  public var written: String
  /// The name and version of the program that wrote it, and the command as typed.
  public var program: String
  public var commandLine: String
  /// The images of a mini-batch, on all ranks together.
  public var batch: Int
  public var ranks: Int
  /// The network's classes in the order of its scores; nil where the checkpoint does not say.
  public var classNames: [String]?

  public init(
    iteration: Int, secondsTrained: Double, parameterCount: Int, written: String, program: String, commandLine: String,
    batch: Int, ranks: Int, classNames: [String]?
  ) {
    self.iteration = iteration
    self.secondsTrained = secondsTrained
    self.parameterCount = parameterCount
    self.written = written
    self.program = program
    self.commandLine = commandLine
    self.batch = batch
    self.ranks = ranks
    self.classNames = classNames
  }

  init(_ header: CheckpointHeader) {
    self.init(
      iteration: header.state.iteration, secondsTrained: header.state.secondsTrained,
      parameterCount: header.tensors.reduce(0) { $0 + $1.count }, written: header.created,
      program: header.provenance.program, commandLine: header.provenance.commandLine, batch: header.state.batch,
      ranks: header.state.worldSize, classNames: header.input?.classNames)
  }
}
