import Communication
import Kernels
import Network
import System

/// One step of training on all ranks (paper, section 3; Krizhevsky's "one weird trick" with the fc layers on one
/// worker): every rank runs the tower on its leaves, rank 0 the head on all features, the tower's gradients are added
/// over the ranks, and every rank applies the same update.
///
/// The bits are the same with 1, 2, 4 … ranks, up to the number of leaves, and any number of threads: a leaf's work
/// gives the same bits wherever it runs and however many threads share it, leaves are added in one binary tree inside a
/// rank and between ranks, and the head's products are cut the same way.
public final class DistributedStep {
  public let network: Network
  /// The momentum v of the update, laid out like the parameters. Ranks other than 0 use only the tower's part, in
  /// which, with several ranks, each has the newest values only of what it updates itself: see `gatherMomentum`.
  public let momentum: FloatBuffer
  /// The moving average of the parameters, laid out like them; nil where none is kept. With several ranks each has the
  /// newest values only of what it updates itself, and rank 0 those of the head: see `gatherAverage`.
  public var average: FloatBuffer? { movingAverage?.values }
  /// The least number of floats that is summed over the ranks on its own.
  public static var leastSumLength: Int { TowerUpdate.leastPart }

  let world: World
  let leaves: RankLeaves
  let gradient: FloatBuffer
  private let settings: StepSettings
  private let movingAverage: MovingAverage?
  /// The head, on rank 0; nil elsewhere.
  let head: RootHead?
  private let pool: ThreadPool
  private let memory: ThreadMemory
  /// The transformed filters of the layer that is being computed.
  private let filters: TowerFilters
  private let exchange: FeatureExchange
  private let communication: CommunicationThread
  private let towerUpdate: TowerUpdate
  private let labels: [LayerLabels]

  /// - Parameters:
  ///   - pool: the threads of this rank.
  public init(_ network: Network, world: World, shares: Shares, _ settings: StepSettings, on pool: ThreadPool) {
    precondition(shares.ranks == world.size, "shares for \(shares.ranks) ranks among \(world.size)")
    self.network = network
    self.world = world
    self.pool = pool
    self.settings = settings
    let vectors = StepVectors(network, settings)
    (momentum, gradient, movingAverage) = (vectors.momentum, vectors.gradient, vectors.average)
    labels = network.tower.layers.map { LayerLabels($0) }
    leaves = RankLeaves(network.tower, shares: shares, rank: world.rank)
    memory = ThreadMemory(network.tower, images: shares.leafSize, threads: pool.threadCount)
    filters = TowerFilters(network.tower, keepsAll: false)
    exchange = FeatureExchange(
      world: world, shares: shares, featureCount: network.tower.featureCount,
      returnsGradients: network.tower.lowestTrained != nil)
    communication = CommunicationThread(world: world)
    towerUpdate = TowerUpdate(vectors, world: world, on: communication)
    head = world.rank == 0 ? RootHead(vectors, settings, batch: shares.batch, world: world, on: pool) : nil
  }

  public var shares: Shares { leaves.shares }

  /// The bytes of the step's own buffers that this rank never touches, so that they take no memory: of the fully
  /// connected layers the gradient, which is used up where it is computed unless its norm is limited, and on ranks
  /// other than 0 the momentum.
  public var untouchedBytes: Int {
    guard FloatBuffer.isLarge(network.parameters.count) else { return 0 }
    let vectors = world.rank > 0 ? 2 : settings.normLimit == nil ? 1 : 0
    return network.architecture.headRange.count * MemoryLayout<Float>.stride * vectors
  }

  /// The largest pool that this rank has: the head's on rank 0.
  public var largestPool: ThreadPool { head?.pool ?? pool }

  /// Whether the head's threads may run on the cores of all ranks of this host; known after the first step.
  public var borrowsCores: Bool { largestPool.movesFreely }

  /// Goes on with other shares of the same mini-batch, whose leaves are no larger than the first ones'. All ranks call
  /// it between the same two steps.
  public func adopt(_ shares: Shares) {
    leaves.adopt(shares)
    exchange.adopt(shares)
  }

  /// Gives every rank the whole tower's momentum. All ranks call it.
  public func gatherMomentum() throws { try towerUpdate.gatherMomentum() }

  /// Gives every rank the whole tower's moving average, if one is kept. All ranks call it.
  public func gatherAverage() throws { try towerUpdate.gatherAverage() }

  /// Runs one step. All ranks call it.
  ///
  /// - Parameter load: writes the image of a slot of this rank, (channels, height, width); called on several threads at
  ///   once.
  /// - Throws: `MPIError`.
  public func run(
    _ order: StepOrder, load: (_ slot: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) throws -> StepResult {
    try Trace.span("step", .step, order.iteration + 1) { try takeStep(order, load: load) }
  }

  private func takeStep(
    _ order: StepOrder, load: (_ slot: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) throws -> StepResult {
    let order = settings.limited(order)
    let now = Running(order, network, waitsForNorm: settings.normLimit != nil)
    now.time.measure(.data) { leaves.loadImages(on: pool, load) }
    try exchange.begin(flags: order.flags, leaves.memory)
    try forwardTower(now)
    let (answer, diverged) = try head?.run(order, exchange, communication, &now.time) ?? (awaitHead(now), nil)
    var headDiverged = diverged
    var result = StepResult(lossSum: answer.lossSum, errors: answer.errors, flags: answer.flags)
    guard result.isFinite else {
      try communication.pause()
      try exchange.finish()
      result.divergence = try divergenceOfResponses()
      result.time = now.time
      return result
    }
    try backwardTower(now)
    if let limit = settings.normLimit { headDiverged = try updateHeadLate(limit: limit, now) }
    let towerDiverged = try towerUpdate.finish(now.update, on: pool, &now.time)
    result.divergence = try now.time.measure(.reduction) {
      try divergenceOfGradient(headDiverged ?? towerDiverged)
    }
    result.statistics = try now.statistics?.rows(of: self, order.sgd) ?? []
    result.time = now.time
    return result
  }

  /// Limits the norm of the gradient, and updates the head.
  ///
  /// - Returns: the index of the head's layer at which the update met a value that is not finite, on rank 0; nil where
  ///   it met none, and elsewhere.
  private func updateHeadLate(limit: Double, _ now: Running) throws -> Int? {
    let scaled = try now.time.measure(.reduction) {
      try towerUpdate.scale(now.update, limit: limit, head: head?.squares, on: pool)
    }
    return now.time.measure(.fullyConnected) { head?.updateLate(scaled) } ?? nil
  }

  /// The state of the step that is running.
  private final class Running {
    var time = StepTime()
    let statistics: StatisticsCollector?
    let update: TowerUpdate.Pass

    init(_ order: StepOrder, _ network: Network, waitsForNorm: Bool) {
      statistics = order.notesStatistics ? StatisticsCollector(network) : nil
      update = TowerUpdate.Pass(order, waitsForNorm: waitsForNorm)
    }
  }

  /// Sleeps until the head's answer is there, on every rank but 0.
  private func awaitHead(_ now: Running) throws -> StepAnswer {
    let processor = processorSeconds()
    defer { now.time.waitProcessor += processorSeconds() - processor }
    return try now.time.measure(.wait) { try exchange.awaitAnswer() }
  }

  // MARK: - The tower, forward

  /// Runs the tower from the first layer to the last, all leaves of a layer together, because they share its filters.
  /// From the last convolution on, leaves go their own way, a round at a time: the features of the first are on their
  /// way while the others are computed.
  private func forwardTower(_ now: Running) throws {
    now.time.measure(.forward) { network.tower.prepare(network.parameters, on: pool) }
    guard !leaves.isEmpty else { return }
    let layers = network.tower.layers
    let lastFilters = layers.lastIndex { $0.filterCount(.forward) > 0 } ?? layers.count - 1
    now.time.measure(.forward) {
      for index in layers.indices {
        Trace.span(labels[index].forwardFilters, .filters) {
          network.tower.transformFilters(ofLayer: index, for: .forward, network.parameters, into: filters, on: pool)
        }
        if index < lastFilters { forward(index, rounds) }
      }
    }
    for round in rounds {
      now.time.measure(.forward) {
        for index in lastFilters..<layers.count { forward(index, [round]) }
      }
      try now.time.measure(world.rank == 0 ? .gather : .wait) {
        for leaf in round.leaves { try exchange.complete(leaf: leaves.inBatch(leaf), leaves.memory[leaf]) }
      }
    }
  }

  private func forward(_ layer: Int, _ rounds: [LeafRounds.Round]) {
    let label = labels[layer].forward
    forEachLeaf(rounds) { pass, leaf in
      Trace.span(label, .forward, leaf) { network.tower.forward(layer: layer, pass) }
    }
  }

  // MARK: - Threads

  /// The leaves in the rounds in which the threads compute them.
  private var rounds: [LeafRounds.Round] { LeafRounds(leaves: leaves.count, threads: pool.threadCount).rounds }

  /// Calls `body(pass, leaf)` for the leaves of these rounds: on one thread for a leaf that a thread has to itself, on
  /// all threads of the team for a leaf that they share.
  private func forEachLeaf(_ rounds: [LeafRounds.Round], _ body: (_ pass: LeafPass, _ leaf: Int) -> Void) {
    func pass(_ leaf: Int, _ scratch: UnsafeMutablePointer<Float>, _ team: TeamMember) -> LeafPass {
      LeafPass(leaves.memory[leaf], images: leaves.images(of: leaf), filters: filters, scratch: scratch, team: team)
    }
    pool.run { member in
      for round in rounds {
        if round.isShared {
          // The team's memory is that of the threads before.
          member.wait()
          for leaf in round.leaves { body(pass(leaf, memory.ofTeam, member), leaf) }
        } else {
          member.share(round.leaves.count, as: "leaves") { number in
            let leaf = round.leaves.lowerBound + number
            body(pass(leaf, memory.ofThread(member.index), .alone), leaf)
          }
        }
      }
    }
  }

  // MARK: - The tower, backward

  /// Runs the tower from the last layer to the first: all leaves' gradients of a layer, then their sum, which goes into
  /// `gradient` and on to the tower's update. Nothing below the lowest layer that is trained is computed.
  private func backwardTower(_ now: Running) throws {
    guard let lowest = network.tower.lowestTrained else { return }
    // −0 changes no bit of what it is added to; +0 would turn a −0 into itself.
    if leaves.isEmpty { gradient.values[network.architecture.towerRange].update(repeating: -0.0) }
    for (index, layer) in network.tower.layers.enumerated().dropFirst(lowest).reversed() {
      if !leaves.isEmpty {
        if index == network.tower.layers.count - 1 {
          try backwardLastLayer(index, now)
        } else {
          now.time.measure(.backward) {
            transformBackwardFilters(index)
            now.statistics?.collect(towerLayer: index, leaves)
            backward(index, rounds)
            sumLeaves(index)
          }
        }
      }
      towerUpdate.complete(layer.parameterRange, now.update)
    }
  }

  /// Runs the last layer. Its first leaves are computed while the gradients of the others' features still arrive.
  private func backwardLastLayer(_ index: Int, _ now: Running) throws {
    now.time.measure(.backward) { transformBackwardFilters(index) }
    // The collector takes the statistics of all leaves of a layer at once.
    for rounds in now.statistics == nil ? rounds.map({ [$0] }) : [rounds] {
      try now.time.measure(world.rank == 0 ? .scatter : .wait) {
        for leaf in rounds.flatMap(\.leaves) { try exchange.awaitGradient(ofLeaf: leaf, leaves.memory[leaf]) }
      }
      now.time.measure(.backward) {
        now.statistics?.collect(towerLayer: index, leaves)
        backward(index, rounds)
      }
    }
    now.time.measure(.backward) { sumLeaves(index) }
  }

  private func transformBackwardFilters(_ index: Int) {
    // Nobody asks for what the lowest trained layer would hand down, so it needs no filters.
    guard index > network.tower.lowestTrained ?? 0 else { return }
    Trace.span(labels[index].backwardFilters, .filters) {
      network.tower.transformFilters(ofLayer: index, for: .backward, network.parameters, into: filters, on: pool)
    }
  }

  private func backward(_ index: Int, _ rounds: [LeafRounds.Round]) {
    let range = network.tower.layers[index].parameterRange
    let base = leaves.count > 1 ? leaves.gradients.base : gradient.base + range.lowerBound
    let label = labels[index].backward
    forEachLeaf(rounds) { pass, leaf in
      Trace.span(label, .backward, leaf) {
        network.tower.backward(layer: index, pass, dParameters: base + leaf * range.count)
      }
    }
  }

  /// Adds the leaves' gradients of a layer that is trained into `gradient`.
  private func sumLeaves(_ index: Int) {
    guard leaves.count > 1, network.tower.isTrained[index] else { return }
    let range = network.tower.layers[index].parameterRange
    guard !range.isEmpty else { return }
    Trace.span(labels[index].sum, .backward) {
      sumLeavesInTree(leaves.gradients.base, leaves: leaves.count, stride: range.count, count: range.count, on: pool)
      (gradient.base + range.lowerBound).update(from: leaves.gradients.base, count: range.count)
    }
  }
}
