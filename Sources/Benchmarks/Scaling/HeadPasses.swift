import Kernels
import Network
import Randomness
import System

/// Runs and times the fully connected layers on a whole mini-batch of random features, as rank 0 does.
final class HeadPasses {
  private let network: Network
  private let head: Head
  private let rows: Int
  private let features: FloatBuffer
  private let dFeatures: FloatBuffer
  private let momentum: FloatBuffer
  private let gradient: FloatBuffer
  private let labels: [Int32]

  init(_ network: Network, rows: Int) {
    self.network = network
    self.rows = rows
    head = network.head
    features = FloatBuffer(rows * head.featureCount)
    dFeatures = FloatBuffer(features.count)
    momentum = FloatBuffer(network.parameters.count)
    gradient = FloatBuffer(network.parameters.count)
    labels = (0..<rows).map { Int32($0 % network.head.classes) }
    var random = SplitMix64(seed: 11)
    random.fill(features.base, count: features.count)
  }

  /// The quickest runs of a pass on a pool's threads, from the features to their gradients, and of the update.
  struct Times {
    var features: CoreCost.Run
    var update: CoreCost.Run
  }

  /// Returns the times of `runs` runs on a pool's threads.
  func times(on pool: ThreadPool, runs: Int) -> Times {
    let memory = HeadMemory(head, rows: rows, threads: pool.threadCount, forTraining: true)
    let sgd = SGD(learningRate: 1e-4, momentum: 0.9, weightDecay: 0.0005)
    var times: [Times] = []
    // The first run touches all memory for the first time.
    for run in 0...runs {
      let pass = HeadPass(
        rows: rows, parameters: network.parameters, memory: memory,
        dropout: DropoutIteration(seed: 1, iteration: run), on: pool)
      let upToFeatures = CoreCost.Run.timed(on: pool) {
        head.forward(features.base, pass)
        _ = labels.withUnsafeBufferPointer { head.loss(labels: $0.baseAddress!, pass) }
        head.backwardToFeatures(pass, gradient: gradient, dFeatures: dFeatures.base)
      }
      let update = CoreCost.Run.timed(on: pool) {
        _ = head.update(pass, momentum: momentum, gradient: gradient, sgd)
      }
      if run > 0 { times.append(Times(features: upToFeatures, update: update)) }
    }
    return Times(features: .quickest(of: times.map(\.features)), update: .quickest(of: times.map(\.update)))
  }

  /// The largest relative error that rounding explains, for sums over some tens of thousands of products.
  private static let largestError = 1e-4
  /// The same where operands are rounded to bfloat16: each is off by 2⁻⁹ at most, and these errors average out, but the
  /// reference knows none of them.
  private static let largestErrorOfBFloat16 = 1e-2

  /// Compares the scores of the first image with those of plain loops in Double.
  ///
  /// - Throws: `VerificationError` where they differ by more than rounding.
  func verify(on pool: ThreadPool) throws {
    let memory = HeadMemory(head, rows: rows, threads: pool.threadCount, forTraining: false)
    let scores = head.forward(
      features.base, HeadPass(rows: rows, parameters: network.parameters, memory: memory, on: pool))
    let reference = firstRowOfReference()
    var (difference, norm) = (0.0, 0.0)
    for (index, expected) in reference.enumerated() {
      difference += (Double(scores[index]) - expected) * (Double(scores[index]) - expected)
      norm += expected * expected
    }
    let error = (difference / norm).squareRoot()
    guard error < (head.precision == .bfloat16 ? Self.largestErrorOfBFloat16 : Self.largestError) else {
      throw VerificationError(description: "the fully connected layers differ from the reference by \(error)")
    }
  }

  /// Returns the scores of the first image by the definition, y = W·x + b, and a·y where y is negative; without
  /// dropout.
  private func firstRowOfReference() -> [Double] {
    let row = (0..<head.featureCount).map { Double(features.base[$0]) }
    let (architecture, parameters) = (network.architecture, network.parameters)
    return ReferenceNetwork(architecture)
      .forward([row], layers: architecture.headLayers, parameters: { Double(parameters.base[$0]) }).maps[0]
  }
}
