import Communication
import Kernels
import Network
import System

/// Measures the parts of a step on rank 0 while the other ranks sleep, and what the ranks cost each other.
struct PartsMeasurement {
  /// The things that could not be measured, or were noise.
  var notes: [String] = []

  private let network: Network
  private let settings: ScalingBenchmark.Settings
  private let vectors: (copy: Double, add: Double)
  private let world: World
  /// The tower's layers and threads, which do not depend on the mini-batch.
  private var tower: (layers: [StepParts.Layer], threads: ThreadCosts?)?

  init(
    _ network: Network, _ settings: ScalingBenchmark.Settings, _ vectors: (copy: Double, add: Double), _ world: World
  ) {
    (self.network, self.settings, self.vectors, self.world) = (network, settings, vectors, world)
  }

  /// Returns a pool of a thread for each core of this host.
  private func allCores() -> ThreadPool {
    ThreadPool(threads: world.localCores, cores: world.localProcessorMask)
  }

  /// Measures the parts of a step of so many images.
  mutating func parts(batch: Int) throws -> StepParts {
    let (layers, threads) = try measureTower()
    let head = HeadPasses(network, rows: batch)
    let (one, all) = (ThreadPool(threads: 1), allCores())
    try head.verify(on: all)
    let alone = head.times(on: one, runs: settings.runs)
    let together = all.threadCount > 1 ? head.times(on: all, runs: settings.runs) : alone
    func cost(_ path: KeyPath<HeadPasses.Times, CoreCost.Run>) -> CoreCost {
      CoreCost(oneCore: alone[keyPath: path].seconds, run: together[keyPath: path])
    }
    var parts = StepParts(
      batch: batch, featureCount: network.architecture.featureCount, layers: layers,
      towerUpdate: measureUpdate(one, all), fullyConnected: cost(\.features),
      headUpdate: cost(\.update), copy: vectors.copy, add: vectors.add)
    parts.threads = threads
    parts.headParameters = network.parameters.count - network.architecture.towerRange.count
    return parts
  }

  private mutating func measureTower() throws -> (layers: [StepParts.Layer], threads: ThreadCosts?) {
    if let tower { return tower }
    let layers = try TowerPasses(network, images: settings.images, on: ThreadPool(threads: 1))
      .layers(images: settings.images, runs: settings.runs)
    for layer in layers {
      for (pass, cost) in [("forward", layer.forward), ("backward", layer.backward)] where cost.isNoisy {
        notes.append(
          "\(layer.name), \(pass): what each image adds could not be measured, because \(settings.images) images took "
            + "no longer than one, which is noise: the predictions leave it out")
      }
    }
    let pool = allCores()
    var threads: ThreadCosts?
    if pool.threadCount > 1 {
      let measured = ThreadProbe(network, images: settings.images, runs: settings.runs, on: pool).costs()
      (threads, notes) = (measured.costs, notes + measured.notes)
    } else {
      notes.append(
        "what several threads cost beyond a perfect division was not measured, because there is one core: the "
          + "predictions have only the imbalance of the plans")
    }
    tower = (layers, threads)
    return (layers, threads)
  }

  private func measureUpdate(_ one: ThreadPool, _ all: ThreadPool) -> CoreCost {
    let sgd = SGD(learningRate: 1e-4, momentum: 0.9, weightDecay: 0.0005)
    let parameters = network.architecture.parameters.filter { $0.part == .tower }
    let count = network.architecture.towerRange.upperBound
    let state = SolverState(
      parameters: network.parameters, momentum: FloatBuffer(count), gradient: FloatBuffer(count))
    func run(_ pool: ThreadPool) -> CoreCost.Run {
      var runs: [CoreCost.Run] = []
      for _ in 0...settings.runs {
        runs.append(.timed(on: pool) { sgd.update(parameters, state, on: pool) })
      }
      // The first run touches all memory for the first time.
      return .quickest(of: Array(runs.dropFirst()))
    }
    let alone = run(one)
    return all.threadCount > 1 ? CoreCost(oneCore: alone.seconds, run: run(all)) : CoreCost(oneCore: alone.seconds)
  }

  // MARK: - Ranks beside one another

  /// Returns passes with this rank's threads over one leaf.
  private func ownPasses() -> TowerPasses {
    TowerPasses(
      network, images: settings.images,
      on: ThreadPool(threads: settings.threads, spins: !world.threads(asked: settings.threads).takeTurns))
  }

  /// Returns the factor by which a leaf takes longer while all ranks compute than on rank 0 while the others sleep. All
  /// ranks must call it.
  func contention() throws -> Double {
    let passes = ownPasses()
    func seconds() -> Double {
      let start = monotonicSeconds()
      _ = passes.run(images: settings.images)
      return monotonicSeconds() - start
    }
    var (alone, together) = (Double.infinity, Double.infinity)
    // Both are timed in turn, so that they see the same machine. The first run touches all memory for the first time.
    for run in 0...settings.runs {
      let single = world.rank == 0 ? seconds() : 0
      try world.barrier()
      let slowest = try world.allgather(seconds()).max() ?? 0
      guard run > 0 else { continue }
      (alone, together) = (min(alone, single), min(together, slowest))
    }
    return try world.allgather(world.rank == 0 ? together / alone : 1)[0]
  }

  /// Measures exchanges of gradients while the ranks compute, for the links that the settings say. All ranks must call
  /// it.
  mutating func measureExchanges(_ networks: inout [ClusterNetwork]) throws {
    guard settings.measuresWithinNode || settings.measuresBetweenNodes else { return }
    guard var probe = ExchangeProbe(world, ownPasses(), images: settings.images) else {
      notes.append(
        "exchanges while the ranks compute were not measured: they need 2, 4, 8 … ranks and an MPI with threads")
      return
    }
    let costs = try probe.costs(runs: settings.runs)
    notes += probe.notes
    if settings.measuresWithinNode {
      if costs.withinNode == nil { notes.append("no exchange within a node was complete while the ranks computed") }
      for index in networks.indices { networks[index].withinNode.exchange = costs.withinNode }
    }
    if settings.measuresBetweenNodes {
      if costs.betweenNodes == nil { notes.append("no exchange between nodes was complete while the ranks computed") }
      networks[0].betweenNodes.exchange = costs.betweenNodes
    }
  }
}
