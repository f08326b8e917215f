import Kernels
import Network

/// An order for one training step. All ranks give the same one, except for `flags`, and for `labels`, which only rank 0
/// reads.
public struct StepOrder: Sendable {
  /// The number of steps done before this one, which keys the dropout.
  public var iteration: Int
  /// The rule of the update, with the learning rate of this step.
  public var sgd: SGD
  /// The classes of all slots of the mini-batch.
  public var labels: [Int32]
  /// The weight of each slot in the mean loss, which only rank 0 reads; empty where all count alike.
  public var weights: [Double] = []
  /// The settings that make probabilities of the labels, which only rank 0 reads, with the classes' weights in place of
  /// `weights`; nil where a slot has one class for certain.
  public var soft: SoftLabels?
  /// Bits that only the caller knows the meaning of: the step unites those of all ranks in ``StepResult/flags``.
  public var flags: UInt32
  /// Whether to note what the step does to each layer, in ``StepResult/statistics``.
  public var notesStatistics: Bool

  public init(iteration: Int, sgd: SGD, labels: [Int32], flags: UInt32 = 0, notesStatistics: Bool = false) {
    self.iteration = iteration
    self.sgd = sgd
    self.labels = labels
    self.flags = flags
    self.notesStatistics = notesStatistics
  }
}

/// The outcome of a training step, which is the same on all ranks except for `time` and `statistics`.
public struct StepResult: Equatable, Sendable {
  /// The sum of the losses of the mini-batch's samples.
  public var lossSum: Double
  /// The number of samples of the mini-batch that were classified wrongly.
  public var errors: Int
  /// The union of the flags of all ranks' orders.
  public var flags: UInt32
  /// The first layer with a value that is NaN or infinite, if the step has diverged: the parameters are then useless.
  public var divergence: Divergence?
  /// The time that this step took on this rank.
  public var time = StepTime()
  /// The statistics of the layers that have weights, in the network's order, on rank 0, if the order asked for them;
  /// otherwise empty.
  public var statistics: [LayerStatistics] = []

  /// Whether the loss is finite. Where it is not, no parameter was changed.
  public var isFinite: Bool { lossSum.isFinite }
}
