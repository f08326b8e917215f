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
  private let seed: UInt64
  private let batch: Int
  /// The ranks on other hosts than rank 0's.
  private let remoteRanks: [Int]
  /// The other ranks on rank 0's host.
  private let localRanks: [Int]

  /// - Parameters:
  ///   - batch: the number of images in the mini-batch.
  ///   - seed: the seed that the dropout is drawn by.
  ///   - pool: the threads of rank 0's tower, which the head takes where it can borrow no more cores.
  init(
    _ network: Network, momentum: FloatBuffer, gradient: FloatBuffer, batch: Int, seed: UInt64, world: World,
    on pool: ThreadPool
  ) {
    let borrowed = min(world.localCores, world.localSize * pool.threadCount)
    self.pool =
      borrowed > pool.threadCount ? ThreadPool(threads: borrowed, cores: world.localProcessorMask, name: "head") : pool
    self.network = network
    self.momentum = momentum
    self.gradient = gradient
    self.seed = seed
    self.batch = batch
    memory = HeadMemory(network.head, rows: batch, threads: self.pool.threadCount, forTraining: true)
    let others = 1..<max(world.size, 1)
    remoteRanks = others.filter { world.nodes[$0] != world.nodes[0] }
    localRanks = others.filter { world.nodes[$0] == world.nodes[0] }
  }

  /// Gathers the features, runs the head and updates it, and sends the features' gradients off.
  ///
  /// Ranks of other hosts get their gradients as soon as they exist. Those of this host get them after the update:
  /// until then the head computes on their cores, and if rank 0 computed on its own ones only, all of them would wait
  /// longer.
  ///
  /// - Returns: the answer for all ranks, and the index of the layer at which the update met a value that is not
  ///   finite; nil where it met none.
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
    let loss = Trace.span("loss", .forward) {
      order.labels.withUnsafeBufferPointer { labels in
        order.weights.withUnsafeBufferPointer { weights in
          let weights = weights.isEmpty ? nil : weights.baseAddress
          return head.loss(LossTarget(labels: labels.baseAddress!, weights: weights), pass)
        }
      }
    }
    if loss.lossSum.isFinite {
      head.backwardToFeatures(pass, gradient: gradient, dFeatures: exchange.dFeatures.base)
    }
    return loss
  }

  private func update(_ order: StepOrder) -> Int? {
    // The update does not write the weights' gradients out, which statistics need.
    if order.notesStatistics { network.head.backwardToWeights(pass(order), gradient: gradient) }
    return network.head.update(pass(order), momentum: momentum, gradient: gradient, order.sgd)
  }

  private func pass(_ order: StepOrder) -> HeadPass {
    HeadPass(
      rows: batch, parameters: network.parameters, memory: memory,
      dropout: DropoutIteration(seed: seed, iteration: order.iteration), on: pool)
  }
}
