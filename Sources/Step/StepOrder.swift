import Network

/// What a training step is to do. All ranks give the same order, but for `flags`, and for `labels`, which only rank 0
/// reads.
public struct StepOrder: Sendable {
  /// The steps done before this one; keys the dropout.
  public var iteration: Int
  public var sgd: SGD
  /// The classes of all slots of the mini-batch.
  public var labels: [Int32]
  /// Bits that have a meaning to the caller only: the step unites those of all ranks in ``StepResult/flags``.
  public var flags: UInt32
  /// Whether to note what the step does to each layer: see ``StepResult/statistics``.
  public var notesStatistics: Bool

  public init(iteration: Int, sgd: SGD, labels: [Int32], flags: UInt32 = 0, notesStatistics: Bool = false) {
    self.iteration = iteration
    self.sgd = sgd
    self.labels = labels
    self.flags = flags
    self.notesStatistics = notesStatistics
  }
}

/// What came of a training step. All ranks know the same but for `time` and `statistics`.
public struct StepResult: Equatable, Sendable {
  /// The sum of the losses of the mini-batch's samples.
  public var lossSum: Double
  /// The samples of the mini-batch that were classified wrongly.
  public var errors: Int
  /// The union of the flags of all ranks' orders.
  public var flags: UInt32
  /// The first layer with a value that is NaN or infinite, if the step has diverged: the parameters are of no use then.
  public var divergence: Divergence?
  /// The seconds of this step on this rank.
  public var time = StepTime()
  /// The statistics of the layers that have weights, in order, where the order asked for them; on rank 0 only.
  public var statistics: [LayerStatistics] = []

  /// Whether the loss is finite. Where it is not, no parameter was changed.
  public var isFinite: Bool { lossSum.isFinite }
}
