import Communication
import Kernels
import Network
import Step
import System
import Training

/// The steps of a run on other numbers of ranks than those at hand.
///
/// The parts of its step are measured and put together as by `ScalingModel`. What the model says of the ranks at hand
/// differs from the steps that were measured on them; by that factor all its predictions are multiplied.
public struct RunForecast: Sendable {
  /// A step on some number of ranks.
  public struct Step: Equatable, Sendable {
    public var ranks: Int
    public var nodes: Int
    public var seconds: Double
    /// Whether the step was measured and not predicted.
    public var isMeasured: Bool
  }

  public let steps: [Step]
  public let node: NodeShape
  /// The links, measured where there were ranks on both ends, else assumed.
  public let network: ClusterNetwork
  /// The factor by which measured steps take longer than the model says.
  public let factor: Double

  /// Puts a forecast together.
  ///
  /// - Parameters:
  ///   - model: the model of nodes as the one at hand.
  ///   - contention: the factor by which a rank's tower took longer while the ranks at hand computed.
  ///   - ranks: the number of ranks at hand.
  ///   - seconds: the seconds of a step on them.
  package init(_ model: ScalingModel, contention: Double, ranks: Int, seconds: Double) {
    node = model.node
    network = model.network
    var here = model
    here.contention = contention
    let factor = seconds / max(1e-3 * here.prediction(ranks: ranks).step, 1e-12)
    self.factor = factor
    var counts = Array(sequence(first: 1) { $0 < Self.mostNodes * model.node.ranks ? 2 * $0 : nil })
    if !counts.contains(ranks) { counts.append(ranks) }
    steps = counts.sorted().map { count in
      // Ranks of a node that has no other ones have its memory for themselves.
      var own = model
      own.contention = count > 1 && model.node.ranks > 1 ? contention : 1
      let predicted = factor * 1e-3 * own.prediction(ranks: count).step
      return Step(
        ranks: count, nodes: count.dividedUp(by: model.node.ranks), seconds: count == ranks ? seconds : predicted,
        isMeasured: count == ranks)
    }
  }

  /// The largest number of nodes of the predictions.
  private static let mostNodes = 8
  /// The largest number of images of the leaf that passes are timed with.
  private static let mostImages = 8

  /// Measures the parts of a run's step, on all ranks. Returns the forecast on rank 0, and nil on the others, or if no
  /// step was measured.
  public static func measured(_ run: DryRun, world: World) throws -> RunForecast? {
    let training = run.configuration.training
    var settings = ScalingBenchmark.Settings()
    settings.batch = training.batch
    settings.leaves = training.leaves
    settings.images = max(1, min(training.batch / training.leaves, mostImages))
    settings.runs = 1
    settings.threads = run.threads
    let vectors = ScalingBenchmark.measureVectors(runs: settings.runs)
    let links = try ScalingBenchmark.measureLinks(world)
    let network = StepBenchmark.randomNetwork(run.architecture, run.convolution, training.precision)
    var measurement = PartsMeasurement(network, settings, vectors, world)
    let parts = world.rank == 0 ? try measurement.parts(batch: training.batch) : nil
    try world.barrier()
    let contention = world.size > 1 ? try measurement.contention() : 1
    guard let parts, !run.stepSeconds.isEmpty else { return nil }
    let atHand = world.nodes.count { $0 == world.nodes[0] }
    let node = NodeShape(
      cores: world.localCores, ranks: max(atHand, world.localCores / run.threads), threads: run.threads)
    let assumed = ClusterNetwork.assumed(copy: vectors.copy)
    let model = ScalingModel(
      parts: parts, balance: network.tower,
      network: ClusterNetwork(
        withinNode: links.withinNode ?? assumed.withinNode, betweenNodes: links.betweenNodes ?? assumed.betweenNodes),
      node: node, leaves: training.leaves, leastPart: DistributedStep.leastSumLength)
    return RunForecast(model, contention: contention, ranks: world.size, seconds: run.secondsOfStep)
  }
}
