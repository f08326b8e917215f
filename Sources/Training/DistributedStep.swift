import Communication
import Kernels
import Network

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
  public let shares: Shares
  /// Seconds by what they were spent on since the start.
  public var time = TimeSplit()
  /// What is noted of the layers in the next steps; nil to note nothing.
  public var statistics: LayerStatistics?

  let world: World
  let pool: ThreadPool
  /// Runs the head, on rank 0: while it does the other ranks of the same host sleep, so it has their cores as well.
  let headPool: ThreadPool
  private let seed: UInt64
  /// v of the update, laid out like the parameters. On ranks other than 0 only the tower's part is in use.
  public let momentum: FloatBuffer
  let gradient: FloatBuffer
  /// The layer at which the head's last update left the numbers; nil where it did not.
  private var headDivergence: Int?

  let leaves: Range<Int>
  let leafMemory: [LeafMemory]
  private let scratch: [FloatBuffer]
  /// Of the layer that is being computed.
  private let filters: TowerFilters
  /// The gradient of one layer for each leaf, one behind the other; nil where the rank has one leaf at most.
  private let leafGradients: FloatBuffer?
  private let reduction: GradientReduction
  private let towerParameters: [ParameterDescription]

  /// Features of the whole mini-batch and their gradients, and the head's memory: on rank 0.
  private let features: FloatBuffer
  private let dFeatures: FloatBuffer
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
    leafMemory = leaves.map { _ in LeafMemory(network.tower, capacity: shares.leafSize) }
    scratch = (0..<pool.threadCount).map { _ in FloatBuffer(network.tower.scratchCount(images: shares.leafSize)) }
    filters = TowerFilters(network.tower, keepsAll: false)
    let largestLayer = network.tower.layers.map(\.parameterRange.count).max() ?? 0
    leafGradients = leaves.count > 1 ? FloatBuffer(leaves.count * largestLayer) : nil
    let reductionScratch = FloatBuffer(world.allreduceScratchCount(network.architecture.towerRange.count))
    reduction = GradientReduction(world: world, gradient: gradient, scratch: reductionScratch)
    towerParameters = network.architecture.parameters.filter { $0.part == .tower }
    let featureTotal = isRoot ? shares.batch * network.tower.featureCount : 0
    features = FloatBuffer(featureTotal)
    dFeatures = FloatBuffer(featureTotal)
    headMemory =
      isRoot
      ? HeadMemory(network.head, rows: shares.batch, threads: headPool.threadCount, forTraining: true)
      : nil
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
    time.measure(\.forward) {
      network.tower.prepare(network.parameters, on: pool)
      forwardTower()
    }
    var result = StepResult(lossSum: 0, errors: 0, stop: stop, save: save)
    if world.rank == 0 {
      try runHead(iteration: iteration, sgd: sgd, labels: labels, &result)
    } else {
      try exchangeWithHead(&result)
    }
    guard result.isFinite else {
      result.divergence = try divergenceOfResponses()
      return result
    }
    time.measure(\.backward) { backwardTower() }
    try time.measure(\.reduction) { try reduction.finish() }
    let towerDivergence = time.measure(\.update) {
      sgd.update(
        towerParameters, parameters: network.parameters, momentum: momentum, gradient: gradient, on: pool)
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
    pool.parallelFor(shares.slots(ofRank: world.rank).count) { index, _ in
      let slot = first + index
      let leaf = index / shares.leafSize
      load(slot, leafMemory[leaf].images + (index - leaf * shares.leafSize) * imageCount)
    }
  }

  /// From the first layer to the last, all leaves of a layer together: they share its filters.
  private func forwardTower() {
    guard !leaves.isEmpty else { return }
    for index in network.tower.layers.indices {
      network.tower.transformFilters(ofLayer: index, for: .forward, network.parameters, into: filters, on: pool)
      pool.parallelFor(leaves.count) { leaf, thread in
        network.tower.forward(
          layer: index, leafMemory[leaf], images: images(ofLeaf: leaf), filters: filters, scratch: scratch[thread])
      }
    }
  }

  /// From the last layer to the first: all leaves' gradients of a layer, then their sum, which goes into `gradient` and,
  /// with those of small layers together, to the sum over the ranks, which is made while the layers below compute.
  private func backwardTower() {
    // −0 is what changes no bit of what it is added to; +0 would turn a −0 into itself.
    if leaves.isEmpty { gradient.values[network.architecture.towerRange].update(repeating: -0.0) }
    var complete = 0..<0
    for (index, layer) in network.tower.layers.enumerated().reversed() {
      let range = layer.parameterRange
      if !leaves.isEmpty { backward(index, range) }
      guard !range.isEmpty else { continue }
      complete = range.lowerBound..<(complete.isEmpty ? range.upperBound : complete.upperBound)
      guard complete.count >= Self.leastPart || range.lowerBound == network.architecture.towerRange.lowerBound
      else { continue }
      reduction.add(complete)
      complete = 0..<0
    }
  }

  /// Floats that are worth a sum over the ranks of their own: below that its latency counts for more than its length.
  package static let leastPart = 1 << 18

  private func backward(_ index: Int, _ range: Range<Int>) {
    let target = gradient.base + range.lowerBound
    let base = leafGradients?.base ?? target
    // An image has no gradient, so that the first layer needs no filters.
    if index > 0 {
      network.tower.transformFilters(ofLayer: index, for: .backward, network.parameters, into: filters, on: pool)
    }
    statistics?.collect(towerLayer: index, self)
    pool.parallelFor(leaves.count) { leaf, thread in
      network.tower.backward(
        layer: index, leafMemory[leaf], images: images(ofLeaf: leaf), filters: filters,
        dParameters: base + leaf * range.count, scratch: scratch[thread])
    }
    sumLeavesInTree(base, leaves: leaves.count, stride: range.count, count: range.count, on: pool)
    if leafGradients != nil { target.update(from: base, count: range.count) }
  }

  /// The images of this rank's leaf number `leaf`.
  func images(ofLeaf leaf: Int) -> Int { shares.slots(ofLeaf: leaves.lowerBound + leaf).count }

  // MARK: - Between tower and head

  /// What goes with the features to rank 0, and with their gradients back.
  private struct Control: BitwiseCopyable {
    var lossSum = 0.0
    var errors = 0
    var stop = false
    var save = false
  }

  private static let controlTag = 1
  private static let firstLeafTag = 2

  private func featureBytes(_ values: UnsafeMutablePointer<Float>, leaf: Int) -> UnsafeMutableRawBufferPointer {
    let count = shares.slots(ofLeaf: leaf).count * network.tower.featureCount
    return UnsafeMutableRawBufferPointer(start: values, count: count * MemoryLayout<Float>.stride)
  }

  /// Where a leaf's rows lie in a matrix of the whole mini-batch.
  private func rows(_ matrix: FloatBuffer, ofLeaf leaf: Int) -> UnsafeMutablePointer<Float> {
    matrix.base + shares.slots(ofLeaf: leaf).lowerBound * network.tower.featureCount
  }

  /// Every rank but 0: sends the features, sleeps until the head's answer is there.
  private func exchangeWithHead(_ result: inout StepResult) throws {
    var question = [Control(stop: result.stop)]
    var answer = [Control()]
    let start = monotonicSeconds()
    var requests: [Request] = []
    try question.withUnsafeMutableBytes { question in
      try answer.withUnsafeMutableBytes { answer in
        requests.append(try world.receive(answer, from: 0, tag: Self.controlTag))
        for (memory, leaf) in zip(leafMemory, leaves) {
          let tag = Self.firstLeafTag + leaf
          requests.append(try world.receive(featureBytes(memory.dFeatures, leaf: leaf), from: 0, tag: tag))
          requests.append(
            try world.send(UnsafeRawBufferPointer(featureBytes(memory.features, leaf: leaf)), to: 0, tag: tag))
        }
        requests.append(try world.send(UnsafeRawBufferPointer(question), to: 0, tag: Self.controlTag))
        try world.wait(requests)
      }
    }
    time.wait += monotonicSeconds() - start
    result = StepResult(
      lossSum: answer[0].lossSum, errors: answer[0].errors, stop: answer[0].stop, save: answer[0].save)
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
    try time.measure(\.gather) { try gatherFeatures(&result) }
    let answer = time.measure(\.fullyConnected) {
      network.head.forward(
        features.base, rows: batch, parameters: network.parameters, memory: headMemory,
        dropout: DropoutIteration(seed: seed, iteration: iteration), on: headPool)
      let loss = labels.withUnsafeBufferPointer {
        network.head.loss(labels: $0.baseAddress!, rows: batch, memory: headMemory)
      }
      if loss.lossSum.isFinite {
        network.head.backwardToFeatures(
          rows: batch, parameters: network.parameters, gradient: gradient, memory: headMemory, droppedOut: true,
          dFeatures: dFeatures.base, on: headPool)
      }
      return loss
    }
    (result.lossSum, result.errors) = (answer.lossSum, answer.errors)
    let others = 1..<max(world.size, 1)
    let remote = others.filter { world.nodes[$0] != world.nodes[0] }
    let local = others.filter { world.nodes[$0] == world.nodes[0] }
    let answers = [Control(lossSum: result.lossSum, errors: result.errors, stop: result.stop, save: result.save)]
    try answers.withUnsafeBytes { answer in
      var requests = try time.measure(\.scatter) { try remote.flatMap { try sendGradients(to: $0, answer) } }
      if result.isFinite {
        time.measure(\.fullyConnected) {
          // Noted too, it has to be written out.
          if statistics != nil {
            network.head.backwardToWeights(rows: batch, gradient: gradient, memory: headMemory, on: headPool)
          }
          headDivergence = network.head.update(
            rows: batch, parameters: network.parameters, momentum: momentum, gradient: gradient, memory: headMemory,
            sgd: sgd, on: headPool)
        }
      }
      try time.measure(\.scatter) {
        requests += try local.flatMap { try sendGradients(to: $0, answer) }
        for (memory, leaf) in zip(leafMemory, leaves) {
          UnsafeMutableRawPointer(memory.dFeatures)
            .copyMemory(
              from: rows(dFeatures, ofLeaf: leaf), byteCount: featureBytes(memory.dFeatures, leaf: leaf).count)
        }
        try world.wait(requests)
      }
    }
  }

  private func gatherFeatures(_ result: inout StepResult) throws {
    for (memory, leaf) in zip(leafMemory, leaves) {
      UnsafeMutableRawPointer(rows(features, ofLeaf: leaf))
        .copyMemory(from: memory.features, byteCount: featureBytes(memory.features, leaf: leaf).count)
    }
    var questions = [Control](repeating: Control(), count: world.size)
    try questions.withUnsafeMutableBufferPointer { questions in
      var requests: [Request] = []
      for rank in 1..<max(world.size, 1) {
        for leaf in shares.leaves(ofRank: rank) {
          let target = featureBytes(rows(features, ofLeaf: leaf), leaf: leaf)
          requests.append(try world.receive(target, from: rank, tag: Self.firstLeafTag + leaf))
        }
        let question = UnsafeMutableBufferPointer(rebasing: questions[rank...rank])
        requests.append(
          try world.receive(UnsafeMutableRawBufferPointer(question), from: rank, tag: Self.controlTag))
      }
      try world.wait(requests)
    }
    result.stop = result.stop || questions.contains(where: \.stop)
  }

  /// Starts to send a rank the gradients of its features, and what follows from the loss.
  private func sendGradients(to rank: Int, _ answer: UnsafeRawBufferPointer) throws -> [Request] {
    var requests: [Request] = []
    for leaf in shares.leaves(ofRank: rank) {
      let source = UnsafeRawBufferPointer(featureBytes(rows(dFeatures, ofLeaf: leaf), leaf: leaf))
      requests.append(try world.send(source, to: rank, tag: Self.firstLeafTag + leaf))
    }
    requests.append(try world.send(answer, to: rank, tag: Self.controlTag))
    return requests
  }
}
