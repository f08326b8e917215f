import Kernels

/// A model's predicted steps on many ranks, and the agreement of the prediction with steps that were run.
public struct ScalingReport: Codable, Sendable {
  /// The predictions for one kind of node and one network between the nodes.
  public struct Table: Codable, Sendable {
    public var node: NodeShape
    public var betweenNodes: Link
    /// The bytes that a node's memory is taken to move in a second.
    public var memoryBandwidth: Double
    /// The steps on 1, 2, 4 … nodes.
    public var predictions: [StepPrediction]
    /// The same with a rank on each core.
    public var rankACore: [StepPrediction]
  }

  /// A step that was run, beside its prediction from the same parts.
  public struct Check: Codable, Sendable {
    public var ranks: Int
    /// The number of threads of each rank.
    public var threads: Int
    public var batch: Int
    /// The predicted milliseconds of the step.
    public var predicted: Double
    /// The measured milliseconds of the quickest step: the parts are the quickest, too.
    public var measured: Double
    /// 100·(predicted − measured) / measured.
    public var errorPercent: Double
    /// The predicted parts of rank 0's step.
    public var prediction: StepPrediction
    /// The measured parts of rank 0's step, each a median, which other work of the machine makes longer.
    public var measurement: StepTimings.Rank

    init(_ prediction: StepPrediction, batch: Int, measured: StepTimings) {
      ranks = prediction.ranks
      threads = prediction.threads
      self.batch = batch
      predicted = prediction.step
      self.measured = measured.quickestMilliseconds
      errorPercent = 100 * (prediction.step - self.measured) / self.measured
      self.prediction = prediction
      measurement = measured.perRank[0]
    }
  }

  public var model: String
  public var precision: Precision
  public var batch: Int
  /// The links of the first network, with what was measured of them here.
  public var network: ClusterNetwork
  /// The factor by which a rank's tower takes longer while all ranks of this start compute; nil with one rank.
  public var contention: Double?
  public var parts: StepParts
  /// The step on one core, with which the others are compared.
  public var oneCore: StepPrediction
  public var tables: [Table]
  /// The checks on one rank with one thread, on one with all cores of its host, and on all ranks of this start.
  public var checks: [Check]
  /// The things that could not be measured here, or were noise.
  public var notes: [String]
}
