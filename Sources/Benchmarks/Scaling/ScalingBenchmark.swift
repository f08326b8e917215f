import Communication
import Configuration
import Diagnostics
import Kernels
import Network
import Step
import System

/// Measures the parts of a step, predicts steps on more ranks than there are, and runs the steps that can be run here.
public enum ScalingBenchmark {
  public struct Settings: Sendable {
    /// The number of images of the mini-batch to predict.
    public var batch = 128
    /// The least number of leaves of the mini-batch to predict.
    public var leaves = Configuration.Training.defaultLeaves
    /// The number of images of the steps that are run; nil runs none.
    public var checkBatch: Int?
    /// The number of images of the leaf that passes are timed with.
    public var images = 8
    /// The number of timed runs of each part and of each step, of which the quickest counts.
    public var runs = 3
    /// The method of all convolutions; nil for the choice by shape.
    public var method: ConvolutionMethod?
    /// The precision of the operands of products.
    public var precision = Precision.float32
    /// The number of threads of each rank of this start.
    public var threads = 1
    /// The kinds of nodes to predict.
    public var nodes = [NodeShape.oneCore]
    /// The largest number of nodes to predict; the numbers double from 1.
    public var mostNodes = 1
    /// The bytes a second that the memory of a node moves at most, however many cores it has.
    public var memoryBandwidth = Double.infinity
    /// Whether to measure exchanges within a node while the ranks compute, as for a link that is not given.
    public var measuresWithinNode = false
    /// Whether to measure exchanges between nodes while the ranks compute.
    public var measuresBetweenNodes = false

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
  ///   - networks: the links of the predictions, at least one. The first has those of the ranks of this start, where
  ///     there are any; the exchanges on them are measured here where the settings say so.
  ///   - vectors: the seconds to copy and to add a float, as `measureVectors` returns them.
  /// - Throws: `VerificationError` where what was timed is wrong.
  public static func run(
    _ architecture: ResolvedArchitecture, _ settings: Settings, networks: [ClusterNetwork],
    vectors: (copy: Double, add: Double), world: World
  ) throws -> ScalingReport? {
    let network = StepBenchmark.randomNetwork(architecture, settings.method, settings.precision)
    var measurement = PartsMeasurement(network, settings, vectors, world)
    var (parts, checkParts): (StepParts?, StepParts?)
    if world.rank == 0 {
      try StepBenchmark.verify(architecture, method: settings.method, settings.precision)
      let measured = try measurement.parts(batch: settings.batch)
      parts = measured
      if let batch = settings.checkBatch {
        checkParts = batch == settings.batch ? measured : try measurement.parts(batch: batch)
      }
    }
    try world.barrier()
    let contention = world.size > 1 ? try measurement.contention() : nil
    var networks = networks
    if world.size > 1 { try measurement.measureExchanges(&networks) }
    let checks = try settings.checkBatch.map { batch in
      try self.checks(
        architecture, settings, batch: batch, world,
        model: checkParts.map { parts in
          let node = NodeShape(
            cores: world.localCores, ranks: world.nodes.count { $0 == world.nodes[0] }, threads: settings.threads)
          return ScalingModel(
            parts: parts, balance: network.tower, network: networks[0], node: node, leaves: 1,
            leastPart: DistributedStep.leastSumLength)
        }, contention: contention ?? 1)
    }
    guard let parts else { return nil }
    // Ranks that had to share cores say nothing about ranks with cores of their own.
    let isOwn = world.localSize > 1 && settings.threads * world.localSize <= world.localCores
    let besideRanks = (isOwn && settings.threads == 1 ? contention : nil) ?? parts.threads?.beside
    if besideRanks == nil {
      measurement.notes.append("how much slower a core is beside busy cores was not measured: taken as not at all")
    }
    return ScalingReport(
      model: architecture.name, precision: settings.precision, batch: settings.batch, network: networks[0],
      contention: contention, parts: parts,
      oneCore: ScalingModel(
        parts: parts, balance: network.tower, network: networks[0], node: .oneCore, leaves: settings.leaves,
        leastPart: DistributedStep.leastSumLength
      ).prediction(ranks: 1),
      tables: tables(
        settings, networks, parts: parts, balance: network.tower, besideRanks: besideRanks ?? 1),
      checks: checks ?? [], notes: measurement.notes)
  }

  /// Predicts every kind of node on every network.
  private static func tables(
    _ settings: Settings, _ networks: [ClusterNetwork], parts: StepParts, balance: any TowerBalance,
    besideRanks: Double
  ) -> [ScalingReport.Table] {
    let counts = Array(sequence(first: 1) { $0 * 2 <= settings.mostNodes ? $0 * 2 : nil })
    return settings.nodes.flatMap { node in
      networks.map { network in
        // A core moves what it copies, reading and writing.
        let memory = min(Double(node.cores) * 8 / parts.copy, settings.memoryBandwidth)
        func predictions(_ node: NodeShape) -> [StepPrediction] {
          var model = ScalingModel(
            parts: parts, balance: balance, network: network, node: node, leaves: settings.leaves,
            leastPart: DistributedStep.leastSumLength)
          model.memoryBandwidth = memory
          // What a team of threads loses beside busy cores is in its own factors.
          model.contention = node.ranks > 1 && node.threads == 1 ? besideRanks : 1
          return counts.map { model.prediction(ranks: $0 * node.ranks) }
        }
        return ScalingReport.Table(
          node: node, betweenNodes: network.betweenNodes, memoryBandwidth: memory, predictions: predictions(node),
          rankACore: predictions(NodeShape(rankACore: node.cores)))
      }
    }
  }

  /// Runs steps on rank 0 alone, with one thread and with all of its cores, and on all ranks; returns them beside their
  /// predictions on rank 0. All ranks must call it.
  ///
  /// - Parameter model: the model of this start, on rank 0.
  private static func checks(
    _ architecture: ResolvedArchitecture, _ settings: Settings, batch: Int, _ world: World, model: ScalingModel?,
    contention: Double
  ) throws -> [ScalingReport.Check] {
    var checks: [ScalingReport.Check] = []
    func check(ranks: Int, node: NodeShape, contention: Double, on world: World) throws {
      let leaves = StepBenchmark.leaves(batch: batch, ranks: ranks)
      let timings = try StepBenchmark.run(
        architecture, batch: batch, leaves: leaves, threads: node.threads, method: settings.method,
        precision: settings.precision, runs: settings.runs, comparesWithOneRank: false, world: world)
      guard var model else { return }
      (model.node, model.leaves, model.contention) = (node, leaves, contention)
      checks.append(ScalingReport.Check(model.prediction(ranks: ranks), batch: batch, measured: timings))
    }
    if world.rank == 0 {
      let alone = try world.alone()
      let cores = world.localPlaces[world.localRank].cores.count
      for threads in cores > 1 ? [1, min(cores, world.localCores)] : [1] {
        try check(ranks: 1, node: NodeShape(cores: threads, ranks: 1, threads: threads), contention: 1, on: alone)
      }
    }
    try world.barrier()
    if world.size > 1 {
      let node = NodeShape(
        cores: world.localCores, ranks: world.nodes.count { $0 == world.nodes[0] }, threads: settings.threads)
      try check(ranks: world.size, node: node, contention: contention, on: world)
    }
    return checks
  }
}
