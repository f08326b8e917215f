import Communication
import Kernels
import Network
import System

/// What all ranks know after a step.
public struct StepResult: Equatable, Sendable {
  /// Σ of the losses of the mini-batch's samples.
  public var lossSum: Double
  /// Samples of the mini-batch that were classified wrongly.
  public var errors: Int
  /// Whether any rank asked to stop.
  public var stop: Bool
  /// Whether rank 0 asked for a checkpoint.
  public var save: Bool

  /// Where the first number that is none was found, if the step has diverged: the parameters are then of no use.
  public var divergence: Divergence?

  /// Whether the loss is a number. Where it is not, no parameter was changed.
  public var isFinite: Bool { lossSum.isFinite }
}

/// One step of training on all ranks (paper, section 3; Krizhevsky's "one weird trick" with the fc layers on one
/// worker): every rank runs the tower on its leaves, rank 0 the head on all features, the tower's gradients are added
/// over the ranks, and every rank applies the same update.
///
/// The same bits with 1, 2, 4 or 8 ranks and any number of threads: a leaf's work has the same shape wherever it runs,
/// leaves are added in one binary tree inside a rank and between ranks, and the head's products are cut the same way.
public final class DistributedStep {
  public let network: Network
  public private(set) var shares: Shares
  /// Seconds by what they were spent on since the start.
  public var time = TimeSplit()
  /// What is noted of the layers in the next steps; nil to note nothing.
  public var statistics: LayerStatistics?

  let world: World
  let pool: ThreadPool
  /// Runs the head, on rank 0: while it does the other ranks of the same host sleep, so it has their cores as well.
  let headPool: ThreadPool
  private let seed: UInt64
  /// Images that a leaf has room for.
  private let largestLeaf: Int
  /// v of the update, laid out like the parameters. On ranks other than 0 only the tower's part is in use, and of that,
  /// with several ranks, each has the newest values of what it updates itself: see `gatherMomentum`.
  public let momentum: FloatBuffer
  let gradient: FloatBuffer
  /// The layer at which the head's last update left the numbers; nil where it did not.
  private var headDivergence: Int?

  /// This rank's part of the mini-batch.
  private(set) var leaves: Range<Int>
  private(set) var leafMemory: [LeafMemory] = []
  /// Leaf and place in it of each of this rank's slots.
  private var places: [(leaf: Int, image: Int)] = []
  /// The gradient of one layer for each leaf, one behind the other; empty where the rank has one leaf at most.
  private var leafGradients = FloatBuffer(0)
  private let scratch: [FloatBuffer]
  /// Of the layer that is being computed.
  private let filters: TowerFilters
  private let exchange: FeatureExchange
  private let communication: CommunicationThread
  private let towerParameters: [ParameterDescription]
  /// The parts of the tower's parameters that are added over the ranks and updated one after the other, from the top.
  private let parts: [Range<Int>]
  private let sumScratch: FloatBuffer
  /// The layer at which the tower's update on this rank left the numbers; nil where it did not. Written by the
  /// communication's thread during `backwardTower`.
  private var towerDivergence: Int?

  /// Of the other ranks those of other hosts than rank 0's, and those of its own.
  private let remoteRanks: [Int]
  private let localRanks: [Int]

  /// The head's memory for the whole mini-batch: on rank 0.
  let headMemory: HeadMemory?

  public init(_ network: Network, world: World, shares: Shares, seed: UInt64, on pool: ThreadPool) {
    precondition(shares.ranks == world.size, "shares for \(shares.ranks) ranks among \(world.size)")
    self.network = network
    self.world = world
    self.shares = shares
    self.seed = seed
    self.pool = pool
    let borrowed = min(world.localCores, world.localSize * pool.threadCount)
    headPool =
      world.rank == 0 && borrowed > pool.threadCount
      ? ThreadPool(threads: borrowed, cores: world.localCoreMask) : pool
    let isRoot = world.rank == 0
    let length = network.parameters.count
    momentum = FloatBuffer(length)
    gradient = FloatBuffer(length)
    leaves = shares.leaves(ofRank: world.rank)
    scratch = (0..<pool.threadCount).map { _ in FloatBuffer(network.tower.scratchCount(images: shares.leafSize)) }
    filters = TowerFilters(network.tower, keepsAll: false)
    communication = CommunicationThread(world: world)
    parts = Self.parts(of: network.tower)
    sumScratch = FloatBuffer(parts.map { world.allreduceScratchCount($0.count) }.max() ?? 0)
    towerParameters = network.architecture.parameters.filter { $0.part == .tower }
    exchange = FeatureExchange(world: world, shares: shares, featureCount: network.tower.featureCount)
    headMemory =
      isRoot
      ? HeadMemory(network.head, rows: shares.batch, threads: headPool.threadCount, forTraining: true)
      : nil
    let others = 1..<max(world.size, 1)
    remoteRanks = others.filter { world.nodes[$0] != world.nodes[0] }
    localRanks = others.filter { world.nodes[$0] == world.nodes[0] }
    largestLeaf = shares.leafSize
    makeLeaves()
  }

  /// Goes on with other shares of the same mini-batch, whose leaves are no larger than the first ones'. All ranks call it
  /// between the same two steps.
  public func adopt(_ shares: Shares) {
    precondition(
      shares.batch == self.shares.batch && shares.ranks == world.size && shares.leafSize <= largestLeaf,
      "\(shares) instead of \(self.shares)")
    self.shares = shares
    leaves = shares.leaves(ofRank: world.rank)
    exchange.adopt(shares)
    makeLeaves()
  }

  private func makeLeaves() {
    leafMemory.removeLast(max(0, leafMemory.count - leaves.count))
    while leafMemory.count < leaves.count {
      leafMemory.append(LeafMemory(network.tower, capacity: largestLeaf))
    }
    places = leaves.enumerated().flatMap { index, leaf in
      shares.slots(ofLeaf: leaf).indices.map { (index, $0 - shares.slots(ofLeaf: leaf).lowerBound) }
    }
    let largestLayer = network.tower.layers.map(\.parameterRange.count).max() ?? 0
    let needed = leaves.count > 1 ? leaves.count * largestLayer : 0
    if leafGradients.count < needed { leafGradients = FloatBuffer(needed) }
  }

  /// Whether the head's threads may run on the cores of all ranks of this host; known after the first step.
  public var borrowsCores: Bool { headPool.movesFreely }

  /// Runs one step.
  ///
  /// - Parameters:
  ///   - iteration: counts from 0; keys the dropout.
  ///   - labels: of all slots of the mini-batch; read on rank 0.
  ///   - stop: whether this rank wants to stop after the step.
  ///   - save: whether rank 0 wants a checkpoint after the step.
  ///   - load: writes the image of a slot of this rank, on several threads at once.
  public func run(
    iteration: Int, sgd: SGD, labels: [Int32], stop: Bool, save: Bool,
    load: (_ slot: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) throws -> StepResult {
    time.measure(\.data) { loadImages(load) }
    try exchange.begin(stop: stop, leafMemory)
    time.measure(\.forward) { network.tower.prepare(network.parameters, on: pool) }
    try forwardTower()
    var result = StepResult(lossSum: 0, errors: 0, stop: stop, save: save)
    if world.rank == 0 {
      try runHead(iteration: iteration, sgd: sgd, labels: labels, &result)
    } else {
      result = try awaitHead()
    }
    guard result.isFinite else {
      try communication.pause()
      try exchange.finish()
      result.divergence = try divergenceOfResponses()
      return result
    }
    towerDivergence = nil
    try backwardTower(sgd)
    try time.measure(\.reduction) { try communication.finish() }
    if world.size == 1 {
      towerDivergence = time.measure(\.update) {
        sgd.update(
          towerParameters, parameters: network.parameters, momentum: momentum, gradient: gradient, on: pool)
      }
    }
    result.divergence = try time.measure(\.reduction) {
      try divergenceOfGradient(headDivergence ?? towerDivergence)
    }
    try statistics?.finish(self, sgd)
    return result
  }

  // MARK: - The tower

  private func loadImages(_ load: (_ slot: Int, _ target: UnsafeMutablePointer<Float>) -> Void) {
    let first = shares.slots(ofRank: world.rank).lowerBound
    let imageCount = network.tower.imageCount
    pool.parallelFor(places.count) { index, _ in
      let (leaf, image) = places[index]
      load(first + index, leafMemory[leaf].images + image * imageCount)
    }
  }

  /// From the first layer to the last, all leaves of a layer together: they share its filters. From the last convolution
  /// on, leaves go their own way, as many at a time as there are threads: the features of the first are on their way
  /// while the others are computed.
  private func forwardTower() throws {
    let layers = network.tower.layers
    let lastFilters = layers.lastIndex { $0.filterCount(.forward) > 0 } ?? layers.count - 1
    guard !leaves.isEmpty else { return }
    time.measure(\.forward) {
      for index in layers.indices {
        network.tower.transformFilters(ofLayer: index, for: .forward, network.parameters, into: filters, on: pool)
        if index < lastFilters { forward(index, leaves) }
      }
    }
    for group in groups {
      time.measure(\.forward) {
        for index in lastFilters..<layers.count { forward(index, group) }
      }
      try time.measure(world.rank == 0 ? \.gather : \.wait) {
        for leaf in group { try exchange.complete(leaf: leaf, leafMemory[leaf - leaves.lowerBound]) }
      }
    }
  }

  /// This rank's leaves, as many in each group as there are threads.
  private var groups: [Range<Int>] {
    stride(from: leaves.lowerBound, to: leaves.upperBound, by: pool.threadCount).map {
      $0..<min($0 + pool.threadCount, leaves.upperBound)
    }
  }

  private func forward(_ layer: Int, _ group: Range<Int>) {
    let first = group.lowerBound - leaves.lowerBound
    pool.parallelFor(group.count) { index, thread in
      network.tower.forward(
        layer: layer, leafMemory[first + index], images: images(ofLeaf: first + index), filters: filters,
        scratch: scratch[thread])
    }
  }

  /// From the last layer to the first: all leaves' gradients of a layer, then their sum, which goes into `gradient`. A part
  /// that is complete is added over the ranks and updated while the layers below compute.
  private func backwardTower(_ sgd: SGD) throws {
    // −0 is what changes no bit of what it is added to; +0 would turn a −0 into itself.
    if leaves.isEmpty { gradient.values[network.architecture.towerRange].update(repeating: -0.0) }
    var next = 0
    for (index, layer) in network.tower.layers.enumerated().reversed() {
      let range = layer.parameterRange
      if !leaves.isEmpty {
        if index == network.tower.layers.count - 1 {
          try backwardLastLayer(index, range)
        } else {
          time.measure(\.backward) { backward(index, range) }
        }
      }
      guard world.size > 1, next < parts.count, !range.isEmpty, range.lowerBound == parts[next].lowerBound else {
        continue
      }
      addAndUpdate(parts[next], sgd)
      next += 1
    }
  }

  /// Floats that are worth a sum over the ranks of their own: below that its latency counts for more than its length.
  package static let leastPart = 1 << 18

  private static func parts(of tower: Tower) -> [Range<Int>] {
    let ranges = tower.layers.map(\.parameterRange).filter { !$0.isEmpty }
    var parts: [Range<Int>] = []
    for range in ranges.reversed() {
      if let last = parts.last, last.count < leastPart {
        parts[parts.count - 1] = range.lowerBound..<last.upperBound
      } else {
        parts.append(range)
      }
    }
    return parts
  }

  /// Adds a part of the gradient over the ranks and updates its parameters, behind the computation. Each rank updates what
  /// it holds the sums of, then the ranks exchange the new parameters: the same bits as if each had all sums, for a p-th
  /// of the work.
  private func addAndUpdate(_ part: Range<Int>, _ sgd: SGD) {
    let notes = statistics != nil
    communication.start { [self] () throws(MPIError) in
      let own = try world.reduceScatterTree(values(gradient, part), scratch: sumScratch.values)
      let updated = sgd.update(
        part.lowerBound + own.lowerBound..<part.lowerBound + own.upperBound, of: towerParameters,
        parameters: network.parameters, momentum: momentum, gradient: gradient)
      if let updated { towerDivergence = max(towerDivergence ?? 0, updated) }
      try world.allgatherTree(values(network.parameters, part))
      guard notes else { return }
      try world.allgatherTree(values(gradient, part))
      try world.allgatherTree(values(momentum, part))
    }
  }

  /// Gives every rank the whole tower's momentum. All ranks call it.
  public func gatherMomentum() throws {
    for part in parts { try world.allgatherTree(values(momentum, part)) }
  }

  private func values(_ buffer: FloatBuffer, _ part: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.values[part])
  }

  /// The first leaves are computed while the gradients of the others' features still arrive.
  private func backwardLastLayer(_ index: Int, _ range: Range<Int>) throws {
    time.measure(\.backward) { transformBackwardFilters(index) }
    // What is noted of a layer is noted of all leaves at once.
    for group in statistics == nil ? groups : [leaves] {
      try time.measure(world.rank == 0 ? \.scatter : \.wait) {
        for leaf in group.map({ $0 - leaves.lowerBound }) {
          try exchange.awaitGradient(ofLeaf: leaf, leafMemory[leaf])
        }
      }
      time.measure(\.backward) {
        statistics?.collect(towerLayer: index, self)
        backward(index, range, group)
      }
    }
    time.measure(\.backward) { sumLeaves(range) }
  }

  private func backward(_ index: Int, _ range: Range<Int>) {
    transformBackwardFilters(index)
    statistics?.collect(towerLayer: index, self)
    backward(index, range, leaves)
    sumLeaves(range)
  }

  private func transformBackwardFilters(_ index: Int) {
    // An image has no gradient, so that the first layer needs no filters.
    guard index > 0 else { return }
    network.tower.transformFilters(ofLayer: index, for: .backward, network.parameters, into: filters, on: pool)
  }

  private func backward(_ index: Int, _ range: Range<Int>, _ group: Range<Int>) {
    let base = leaves.count > 1 ? leafGradients.base : gradient.base + range.lowerBound
    let first = group.lowerBound - leaves.lowerBound
    pool.parallelFor(group.count) { number, thread in
      let leaf = first + number
      network.tower.backward(
        layer: index, leafMemory[leaf], images: images(ofLeaf: leaf), filters: filters,
        dParameters: base + leaf * range.count, scratch: scratch[thread])
    }
  }

  /// From `leafGradients` into `gradient`.
  private func sumLeaves(_ range: Range<Int>) {
    guard leaves.count > 1 else { return }
    let base = leafGradients.base
    sumLeavesInTree(base, leaves: leaves.count, stride: range.count, count: range.count, on: pool)
    (gradient.base + range.lowerBound).update(from: base, count: range.count)
  }

  /// The images of this rank's leaf number `leaf`.
  func images(ofLeaf leaf: Int) -> Int { shares.slots(ofLeaf: leaves.lowerBound + leaf).count }

  // MARK: - The head

  /// Every rank but 0: sleeps until the head's answer is there.
  private func awaitHead() throws -> StepResult {
    let processor = processorSeconds()
    let answer = try time.measure(\.wait) { try exchange.awaitAnswer() }
    time.waitProcessor += processorSeconds() - processor
    return StepResult(lossSum: answer.lossSum, errors: answer.errors, stop: answer.stop, save: answer.save)
  }

  /// Rank 0: gathers the features, runs the head and updates it, sends the features' gradients off.
  ///
  /// Ranks of other hosts get theirs as soon as they exist. Those of this host get them after the update: until then the
  /// head computes on their cores, which all of them together would wait for longer if rank 0 did it alone.
  private func runHead(
    iteration: Int, sgd: SGD, labels: [Int32], _ result: inout StepResult
  ) throws {
    guard let headMemory else { preconditionFailure("the head on rank \(world.rank)") }
    precondition(labels.count == shares.batch, "\(labels.count) labels for a mini-batch of \(shares.batch)")
    let batch = shares.batch
    let isWanted = try time.measure(\.gather) { try exchange.awaitFeatures() }
    result.stop = result.stop || isWanted
    let answer = time.measure(\.fullyConnected) {
      network.head.forward(
        exchange.features.base, rows: batch, parameters: network.parameters, memory: headMemory,
        dropout: DropoutIteration(seed: seed, iteration: iteration), on: headPool)
      let loss = labels.withUnsafeBufferPointer {
        network.head.loss(labels: $0.baseAddress!, rows: batch, memory: headMemory)
      }
      if loss.lossSum.isFinite {
        network.head.backwardToFeatures(
          rows: batch, parameters: network.parameters, gradient: gradient, memory: headMemory, droppedOut: true,
          dFeatures: exchange.dFeatures.base, on: headPool)
      }
      return loss
    }
    (result.lossSum, result.errors) = (answer.lossSum, answer.errors)
    let control = StepControl(
      lossSum: result.lossSum, errors: result.errors, stop: result.stop, save: result.save)
    try time.measure(\.scatter) {
      try exchange.answer(control, to: remoteRanks)
      try communication.move(exchange.sent)
    }
    if result.isFinite { time.measure(\.fullyConnected) { updateHead(headMemory, sgd) } }
    try time.measure(\.scatter) {
      try communication.pause()
      try exchange.answer(control, to: localRanks)
      try communication.move(exchange.sent)
    }
  }

  private func updateHead(_ headMemory: HeadMemory, _ sgd: SGD) {
    let batch = shares.batch
    // Noted too, it has to be written out.
    if statistics != nil {
      network.head.backwardToWeights(rows: batch, gradient: gradient, memory: headMemory, on: headPool)
    }
    headDivergence = network.head.update(
      rows: batch, parameters: network.parameters, momentum: momentum, gradient: gradient, memory: headMemory,
      sgd: sgd, on: headPool)
  }
}
