import Communication
import Kernels
import Network
import System

/// The fully connected layers with their memory, on rank 0, the one worker that they run on (paper, section 3).
final class RootHead {
  /// The threads of the head. While it runs, the other ranks of the same host sleep, so that it can use their cores
  /// too.
  let pool: ThreadPool
  /// The memory for the whole mini-batch.
  let memory: HeadMemory

  private let network: Network
  private let momentum: FloatBuffer
  private let gradient: FloatBuffer
  private let settings: StepSettings
  private let average: MovingAverage?
  private let batch: Int
  /// The parameters of the layers that are trained.
  private let descriptions: [ParameterDescription]
  /// The sum of the squares of the head's gradient, where the norm is limited: `run` leaves it here.
  private(set) var squares = SquareSum()
  /// The ranks on other hosts than rank 0's.
  private let remoteRanks: [Int]
  /// The other ranks on rank 0's host.
  private let localRanks: [Int]

  /// - Parameters:
  ///   - vectors: the step's vectors.
  ///   - batch: the number of images in the mini-batch.
  ///   - pool: the threads of rank 0's tower, which the head takes where it can borrow no more cores.
  init(_ vectors: StepVectors, _ settings: StepSettings, batch: Int, world: World, on pool: ThreadPool) {
    let borrowed = min(world.localCores, world.localSize * pool.threadCount)
    self.pool =
      borrowed > pool.threadCount ? ThreadPool(threads: borrowed, cores: world.localProcessorMask, name: "head") : pool
    network = vectors.network
    momentum = vectors.momentum
    gradient = vectors.gradient
    average = vectors.average
    self.settings = settings
    self.batch = batch
    descriptions = network.architecture.parameters.filter { $0.part == .head && $0.rate > 0 }
    memory = HeadMemory(network.head, rows: batch, threads: self.pool.threadCount, forTraining: true)
    let others = 1..<max(world.size, 1)
    remoteRanks = others.filter { world.nodes[$0] != world.nodes[0] }
    localRanks = others.filter { world.nodes[$0] == world.nodes[0] }
  }

  /// Gathers the features, runs the head and updates it, and sends the features' gradients off. Where the norm of the
  /// gradient is limited, the update is left to `updateLate`.
  ///
  /// Ranks of other hosts get their gradients as soon as they exist. Those of this host get them after the update:
  /// until then the head computes on their cores, and if rank 0 computed on its own ones only, all of them would wait
  /// longer.
  ///
  /// - Returns: the answer for all ranks, and the index of the layer at which the update met a value that is not
  ///   finite; nil where it met none, or is still to come.
  func run(
    _ order: StepOrder, _ exchange: FeatureExchange, _ communication: CommunicationThread, _ time: inout StepTime
  ) throws -> (answer: StepAnswer, diverged: Int?) {
    precondition(order.labels.count == batch, "\(order.labels.count) labels for a mini-batch of \(batch)")
    precondition(
      order.weights.isEmpty || order.weights.count == batch,
      "\(order.weights.count) weights for a mini-batch of \(batch)")
    let flags = try time.measure(.gather) { try exchange.awaitFeatures() }
    let loss = time.measure(.fullyConnected) { passes(order, exchange) }
    let answer = StepAnswer(lossSum: loss.lossSum, errors: loss.errors, flags: flags)
    try time.measure(.scatter) {
      try exchange.answer(answer, to: remoteRanks)
      try communication.move(exchange.sent)
    }
    let diverged = loss.lossSum.isFinite ? time.measure(.fullyConnected) { update(order) } : nil
    try time.measure(.scatter) {
      try communication.pause()
      try exchange.answer(answer, to: localRanks)
      try communication.move(exchange.sent)
    }
    return (answer, diverged)
  }

  /// Runs the head forward, and back to the features where the loss is finite.
  private func passes(_ order: StepOrder, _ exchange: FeatureExchange) -> LossResult {
    let (head, pass) = (network.head, pass(order))
    head.forward(exchange.features.base, pass)
    let loss = Trace.span("loss", .forward) { self.loss(order, pass) }
    if loss.lossSum.isFinite {
      head.backwardToFeatures(pass, gradient: gradient, dFeatures: exchange.dFeatures.base)
    }
    return loss
  }

  private func loss(_ order: StepOrder, _ pass: HeadPass) -> LossResult {
    order.labels.withUnsafeBufferPointer { labels in
      if let soft = order.soft {
        return network.head.loss(SoftLossTarget(labels: labels.baseAddress!, soft: soft), pass)
      }
      return order.weights.withUnsafeBufferPointer { weights in
        let weights = weights.isEmpty ? nil : weights.baseAddress
        return network.head.loss(LossTarget(labels: labels.baseAddress!, weights: weights), pass)
      }
    }
  }

  /// Updates the head, or, where the norm of the gradient is limited, only writes the gradient out.
  private func update(_ order: StepOrder) -> Int? {
    let pass = pass(order)
    // The update does not write the weights' gradients out, which statistics and the norm need.
    if order.notesStatistics || settings.normLimit != nil {
      network.head.backwardToWeights(pass, gradient: gradient)
    }
    guard settings.normLimit == nil else {
      squares = GradientNorm.squares(of: gradient, descriptions, limit: order.sgd.clipping.limit, on: pool)
      return nil
    }
    let diverged = network.head.update(pass, momentum: momentum, gradient: gradient, order.sgd)
    moveAverage(order)
    return diverged
  }

  private func moveAverage(_ order: StepOrder) {
    average?.move(
      network.architecture.headRange, toward: network.parameters, iteration: order.iteration, on: pool)
  }

  /// Updates the head once the norm of the whole gradient is known, with the gradient that `run` has written out.
  ///
  /// - Parameter order: the order with the scale of the gradient in its rule.
  /// - Returns: the index of the layer at which the update met a value that is not finite; nil where it met none.
  func updateLate(_ order: StepOrder) -> Int? {
    let state = SolverState(parameters: network.parameters, momentum: momentum, gradient: gradient)
    let diverged = order.sgd.update(descriptions, state, on: pool)
    moveAverage(order)
    return diverged
  }

  private func pass(_ order: StepOrder) -> HeadPass {
    HeadPass(
      rows: batch, parameters: network.parameters, memory: memory,
      dropout: DropoutIteration(seed: settings.seed, iteration: order.iteration), on: pool)
  }
}
