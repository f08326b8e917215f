import Kernels
import Network
import System

/// The fully connected layers on a whole mini-batch of random features, as rank 0 runs them.
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
    var random = SystemlessRandom(state: 11)
    random.fill(features.base, count: features.count)
  }

  /// Seconds of the way to the features' gradients and of the update, the medians of so many runs on a pool's threads.
  func times(on pool: ThreadPool, runs: Int) -> (features: Double, update: Double) {
    let memory = HeadMemory(head, rows: rows, threads: pool.threadCount, forTraining: true)
    let sgd = SGD(learningRate: 1e-4, momentum: 0.9, weightDecay: 0.0005)
    var times: [(features: Double, update: Double)] = []
    // The first run touches all memory for the first time.
    for run in 0...runs {
      let start = monotonicSeconds()
      head.forward(
        features.base, rows: rows, parameters: network.parameters, memory: memory,
        dropout: DropoutIteration(seed: 1, iteration: run), on: pool)
      _ = labels.withUnsafeBufferPointer { head.loss(labels: $0.baseAddress!, rows: rows, memory: memory) }
      head.backwardToFeatures(
        rows: rows, parameters: network.parameters, gradient: gradient, memory: memory, droppedOut: true,
        dFeatures: dFeatures.base, on: pool)
      let middle = monotonicSeconds()
      head.update(
        rows: rows, parameters: network.parameters, momentum: momentum, gradient: gradient, memory: memory, sgd: sgd,
        on: pool)
      if run > 0 { times.append((middle - start, monotonicSeconds() - middle)) }
    }
    return (times.map(\.features).median(), times.map(\.update).median())
  }

  /// More than this is no rounding of sums over some tens of thousands of products.
  private static let largestError = 1e-4

  /// Compares the scores of the first image with those of plain loops in Double.
  func verify(on pool: ThreadPool) throws {
    let memory = HeadMemory(head, rows: rows, threads: pool.threadCount, forTraining: false)
    let scores = head.forward(features.base, rows: rows, parameters: network.parameters, memory: memory, on: pool)
    let reference = firstRowOfReference()
    var (difference, norm) = (0.0, 0.0)
    for (index, expected) in reference.enumerated() {
      difference += (Double(scores[index]) - expected) * (Double(scores[index]) - expected)
      norm += expected * expected
    }
    let error = (difference / norm).squareRoot()
    guard error < Self.largestError else {
      throw VerificationError(description: "the fully connected layers differ from the reference by \(error)")
    }
  }

  /// y = W·x + b, then a·y where y is negative; without dropout.
  private func firstRowOfReference() -> [Double] {
    let architecture = network.architecture
    var input = (0..<head.featureCount).map { Double(features.base[$0]) }
    for index in architecture.headLayers {
      guard case .fullyConnected(let description) = architecture.layers[index].description else { continue }
      let own = architecture.parameters.filter { $0.layerIndex == index }
      func values(_ role: ParameterDescription.Role) -> UnsafeMutablePointer<Float>? {
        own.first { $0.role == role }.map { network.parameters.base + $0.offset }
      }
      let outputs = architecture.layers[index].output.count
      let (weights, biases, slopes) = (values(.weight)!, values(.bias)!, values(.slope))
      input = (0..<outputs).map { output in
        let row = weights + output * input.count
        var sum = Double(biases[output])
        for (column, value) in input.enumerated() { sum += Double(row[column]) * value }
        guard sum < 0 else { return sum }
        return switch description.activation {
        case .none: sum
        case .relu: 0
        case .lrelu: 0.01 * sum
        case .prelu: Double(slopes![output]) * sum
        case .preluShared: Double(slopes![0]) * sum
        }
      }
    }
    return input
  }
}
