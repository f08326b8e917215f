import Communication
import Configuration
import Diagnostics
import Kernels
import Network
import Step
import System

/// A model's predicted steps on many ranks, and the agreement of the prediction with steps that were run.
public struct ScalingReport: Codable, Sendable {
  /// A step that was run, beside its prediction from the same parts.
  public struct Check: Codable, Sendable {
    public var ranks: Int
    public var batch: Int
    /// The predicted milliseconds of the step.
    public var predicted: Double
    /// The measured milliseconds of the step, a median.
    public var measured: Double
    /// 100·(predicted − measured) / measured.
    public var errorPercent: Double
    /// The predicted parts of rank 0's step.
    public var prediction: StepPrediction
    /// The measured parts of rank 0's step, each a median; nil for one rank of several.
    public var measurement: StepTimings.Rank?
  }

  public var model: String
  public var batch: Int
  public var coresPerNode: Int
  public var network: ClusterNetwork
  /// The factor by which the tower takes longer while all ranks of this start compute; 1 with one rank.
  public var contention: Double
  public var parts: StepParts
  public var predictions: [StepPrediction]
  /// The checks on one rank, and on all ranks of this start where there are several.
  public var checks: [Check]
}

/// Measures the parts of a step, predicts steps on more ranks than there are, and runs the steps that can be run here.
public enum ScalingBenchmark {
  public struct Settings: Sendable {
    /// The number of images of the mini-batch to predict.
    public var batch = 128
    /// The number of leaves of the mini-batch to predict.
    public var leaves = Configuration.Training.defaultLeaves
    /// The number of images of the steps that are run; nil runs none.
    public var checkBatch: Int?
    /// The number of images of the leaf that passes are timed with.
    public var images = 8
    /// The number of timed runs of each part, of which the median counts.
    public var runs = 3
    /// The method of all convolutions; nil for the choice by shape.
    public var method: ConvolutionMethod?
    public var coresPerNode = 1
    /// Whether to measure exchanges within a node while the ranks compute, as for a link that is not given.
    public var measuresWithinNode = false
    /// Whether to measure exchanges between nodes while the ranks compute.
    public var measuresBetweenNodes = false
    /// The numbers of ranks to predict, ascending from 1.
    public var ranks = [1]

    public init() {}
  }

  /// Measures the links between the ranks of this start. Returns nil for a kind of link that there is none of. All
  /// ranks must call it; the result is complete only on rank 0.
  public static func measureLinks(_ world: World) throws -> (withinNode: Link?, betweenNodes: Link?) {
    guard world.size > 1 else { return (nil, nil) }
    let links = try LinkProbe(world).links()
    func typical(_ links: [LinkMeasurement]) -> Link? {
      guard !links.isEmpty else { return nil }
      return Link(latency: links.map(\.latency).median(), bandwidth: links.map(\.bandwidth).median())
    }
    return (typical(links.filter { $0.from == $0.to }), typical(links.filter { $0.from != $0.to }))
  }

  /// Returns the seconds to copy a float of a long vector, and those to add one to another's.
  public static func measureVectors(runs: Int) -> (copy: Double, add: Double) {
    let count = 1 << 23
    let (source, target) = (FloatBuffer(count), FloatBuffer(count))
    // All pages that nobody has written to are one page of zeros, which would be read from the cache.
    source.values.update(repeating: 1)
    let copy = medianSeconds(runs: runs) { target.base.update(from: source.base, count: count) }
    let add = medianSeconds(runs: runs) { Kernels.add(source.base, to: target.base, count: count) }
    return (copy / Double(count), add / Double(count))
  }

  /// Measures a model's parts, predicts its steps, and runs the steps to check. All ranks must call it. Returns the
  /// report on rank 0, and nil on the others.
  ///
  /// - Parameters:
  ///   - cluster: the links of the predictions, whose exchanges are measured here where the settings say so.
  ///   - vectors: the seconds to copy and to add a float, as `measureVectors` returns them.
  /// - Throws: `VerificationError` where what was timed is wrong.
  public static func run(
    _ architecture: ResolvedArchitecture, _ settings: Settings, network cluster: ClusterNetwork,
    vectors: (copy: Double, add: Double), world: World
  ) throws -> ScalingReport? {
    var parts: StepParts?
    var checkParts: StepParts?
    var contention = 1.0
    var cluster = cluster
    do {
      let network = StepBenchmark.randomNetwork(architecture, settings.method)
      let passes = TowerPasses(network, images: settings.images)
      if world.rank == 0 {
        try StepBenchmark.verify(architecture, method: settings.method)
        let tower = try passes.layers(images: settings.images, runs: settings.runs)
        let measured = try measure(network, tower, settings, vectors, batch: settings.batch, world)
        parts = measured
        checkParts =
          try settings.checkBatch.map { batch in
            batch == settings.batch ? measured : try measure(network, tower, settings, vectors, batch: batch, world)
          }
      }
      try world.barrier()
      if world.size > 1 {
        contention = try measureContention(passes, settings, world)
        if settings.measuresWithinNode || settings.measuresBetweenNodes,
          let probe = ExchangeProbe(world, passes, images: settings.images)
        {
          let (within, between) = try probe.costs(runs: settings.runs)
          if settings.measuresWithinNode { cluster.withinNode.exchange = within }
          if settings.measuresBetweenNodes { cluster.betweenNodes.exchange = between }
        }
      }
    }
    var checks: [ScalingReport.Check] = []
    if let batch = settings.checkBatch {
      let timings = try StepBenchmark.run(
        architecture, batch: batch, threads: 1, method: settings.method, runs: settings.runs, world: world)
      if let checkParts {
        func check(
          ranks: Int, local: Int, _ contention: Double, measured: Double, _ measurement: StepTimings.Rank?
        ) {
          let model = ScalingModel(
            parts: checkParts, network: cluster, coresPerNode: world.localCores, ranksPerNode: local,
            leaves: StepBenchmark.leaves(batch: batch, ranks: ranks), leastPart: DistributedStep.leastSumLength)
          let prediction = model.prediction(ranks: ranks, contention: contention)
          let predicted = prediction.step
          checks.append(
            ScalingReport.Check(
              ranks: ranks, batch: batch, predicted: predicted, measured: measured,
              errorPercent: 100 * (predicted - measured) / measured, prediction: prediction,
              measurement: measurement))
        }
        check(
          ranks: 1, local: 1, 1, measured: timings.singleRankMilliseconds ?? timings.stepMilliseconds,
          world.size > 1 ? nil : timings.perRank[0])
        if world.size > 1 {
          check(
            ranks: world.size, local: world.nodes.count { $0 == world.nodes[0] }, contention,
            measured: timings.stepMilliseconds, timings.perRank[0])
        }
      }
    }
    guard let parts else { return nil }
    let model = ScalingModel(
      parts: parts, network: cluster, coresPerNode: settings.coresPerNode, leaves: settings.leaves,
      leastPart: DistributedStep.leastSumLength)
    // Ranks that had to share cores say nothing about ranks with cores of their own.
    let besideOthers = world.localSize > 1 && world.localSize <= world.localCores ? contention : 1
    return ScalingReport(
      model: architecture.name, batch: settings.batch, coresPerNode: settings.coresPerNode,
      network: cluster, contention: contention, parts: parts,
      predictions: settings.ranks.map {
        model.prediction(ranks: $0, contention: min($0, settings.coresPerNode) > 1 ? besideOthers : 1)
      }, checks: checks)
  }

  /// Measures what a step has beside the tower's layers, on rank 0 while the others sleep.
  private static func measure(
    _ network: Network, _ tower: [StepParts.Layer], _ settings: Settings, _ vectors: (copy: Double, add: Double),
    batch: Int, _ world: World
  ) throws -> StepParts {
    let sgd = SGD(learningRate: 1e-4, momentum: 0.9, weightDecay: 0.0005)
    let towerParameters = network.architecture.parameters.filter { $0.part == .tower }
    let towerCount = network.architecture.towerRange.upperBound
    let (momentum, gradient) = (FloatBuffer(towerCount), FloatBuffer(towerCount))
    let one = ThreadPool(threads: 1)
    let update = medianSeconds(runs: settings.runs) {
      sgd.update(
        towerParameters, SolverState(parameters: network.parameters, momentum: momentum, gradient: gradient), on: one)
    }
    let head = HeadPasses(network, rows: batch)
    let all = ThreadPool(threads: world.localCores, cores: world.localProcessorMask)
    try head.verify(on: all)
    let alone = head.times(on: one, runs: settings.runs)
    let together = all.threadCount > 1 ? head.times(on: all, runs: settings.runs) : alone
    return StepParts(
      batch: batch, featureCount: network.architecture.featureCount, layers: tower, towerUpdate: update,
      fullyConnected: CoreCost(oneCore: alone.features, on: all.threadCount, seconds: together.features),
      headUpdate: CoreCost(oneCore: alone.update, on: all.threadCount, seconds: together.update), copy: vectors.copy,
      add: vectors.add)
  }

  /// Returns the factor by which a leaf takes longer while all ranks compute than on rank 0 while the others sleep.
  private static func measureContention(_ passes: TowerPasses, _ settings: Settings, _ world: World) throws -> Double {
    func seconds() -> Double {
      let start = monotonicSeconds()
      _ = passes.run(images: settings.images)
      return monotonicSeconds() - start
    }
    var (alone, together): ([Double], [Double]) = ([], [])
    // Both are timed in turn, so that they see the same machine. The first run touches all memory for the first time.
    for run in 0...settings.runs {
      let single = world.rank == 0 ? seconds() : 0
      try world.barrier()
      let slowest = try world.allgather(seconds()).max() ?? 0
      guard run > 0 else { continue }
      alone.append(single)
      together.append(slowest)
    }
    let ratio = together.median() / max(alone.median(), 1e-9)
    return try world.allgather(world.rank == 0 ? max(1, ratio) : 1)[0]
  }
}
