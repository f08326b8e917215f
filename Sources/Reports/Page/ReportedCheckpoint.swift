import Checkpoint

/// A checkpoint, as a report describes it.
public struct ReportedCheckpoint: Sendable {
  /// The number of steps done.
  public var iteration: Int
  /// The time spent in training, over all of the run's processes.
  public var secondsTrained: Double
  /// The time when it was written: ISO 8601, UTC.
  public var written: String
  /// The name and version of the program that wrote it.
  public var program: String
  /// The command as typed.
  public var commandLine: String
  /// The number of images in a mini-batch, on all ranks together.
  public var batch: Int
  public var ranks: Int

  public init(
    iteration: Int, secondsTrained: Double, written: String, program: String, commandLine: String, batch: Int,
    ranks: Int
  ) {
    self.iteration = iteration
    self.secondsTrained = secondsTrained
    self.written = written
    self.program = program
    self.commandLine = commandLine
    self.batch = batch
    self.ranks = ranks
  }

  init(_ header: CheckpointHeader) {
    self.init(
      iteration: header.state.iteration, secondsTrained: header.state.secondsTrained, written: header.created,
      program: header.provenance.program, commandLine: header.provenance.commandLine, batch: header.state.batch,
      ranks: header.state.worldSize)
  }
}

/// A run's network, as a report describes it.
public struct ReportedNetwork: Sendable {
  public var parameterCount: Int
  /// The classes in the order of the scores; nil where the checkpoint does not name them.
  public var classNames: [String]?

  public init(parameterCount: Int, classNames: [String]?) {
    self.parameterCount = parameterCount
    self.classNames = classNames
  }

  init(_ header: CheckpointHeader) {
    self.init(
      parameterCount: header.tensors.reduce(0) { $0 + $1.count }, classNames: header.input?.classNames)
  }
}
