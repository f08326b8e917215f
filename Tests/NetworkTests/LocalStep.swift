import Kernels
import Network

/// A whole training step of a network on one thread pool, without ranks: what the tests of layers and networks drive.
final class LocalStep {
  let network: Network
  let gradient: FloatBuffer
  let momentum: FloatBuffer
  let features: FloatBuffer
  private let pool: ThreadPool
  private let leaves: [(memory: LeafMemory, images: Range<Int>)]
  private let head: HeadMemory
  private let dFeatures: FloatBuffer
  private let scratch: [FloatBuffer]
  private let filters: TowerFilters
  private let rows: Int

  init(
    _ architecture: Architecture, rows: Int, leafSize: Int, threads: Int = 1, convolution: ConvolutionMethod? = nil
  ) throws {
    network = try Network(architecture.resolved(), convolution: convolution)
    self.rows = rows
    pool = ThreadPool(threads: threads)
    gradient = FloatBuffer(network.parameters.count)
    momentum = FloatBuffer(network.parameters.count)
    let tower = network.tower
    leaves = stride(from: 0, to: rows, by: leafSize).map { start in
      (LeafMemory(tower, capacity: leafSize), start..<min(rows, start + leafSize))
    }
    head = HeadMemory(network.head, rows: rows, threads: threads, forTraining: true)
    features = FloatBuffer(rows * tower.featureCount)
    dFeatures = FloatBuffer(rows * tower.featureCount)
    scratch = (0..<threads).map { _ in FloatBuffer(tower.scratchCount(images: leafSize)) }
    filters = TowerFilters(tower, keepsAll: false)
  }

  private func pass(_ leaf: Int, _ thread: Int) -> LeafPass {
    LeafPass(leaves[leaf].memory, images: leaves[leaf].images.count, filters: filters, scratch: scratch[thread].base)
  }

  private func headPass(_ dropout: DropoutIteration?) -> HeadPass {
    HeadPass(rows: rows, parameters: network.parameters, memory: head, dropout: dropout, on: pool)
  }

  /// The scores of `input` (rows, channels, height, width).
  func forward(_ input: [Float], dropout: DropoutIteration? = nil) -> [Float] {
    let tower = network.tower
    tower.prepare(network.parameters, on: pool)
    for (memory, images) in leaves {
      for (place, image) in images.enumerated() {
        for value in 0..<tower.imageCount {
          memory.images[place * tower.imageCount + value] = input[image * tower.imageCount + value]
        }
      }
    }
    for layer in tower.layers.indices {
      tower.transformFilters(ofLayer: layer, for: .forward, network.parameters, into: filters, on: pool)
      pool.parallelFor(leaves.count) { leaf, thread in
        tower.forward(layer: layer, pass(leaf, thread))
      }
    }
    for (memory, images) in leaves {
      (features.base + images.lowerBound * tower.featureCount)
        .update(from: memory.features, count: images.count * tower.featureCount)
    }
    let scores = network.head.forward(features.base, headPass(dropout))
    return (0..<rows * network.head.classes).map { scores[$0] }
  }

  /// The mean loss, with the gradient of all parameters in `gradient`.
  func lossAndGradient(_ input: [Float], labels: [Int32], dropout: DropoutIteration? = nil) -> Double {
    let tower = network.tower
    _ = forward(input, dropout: dropout)
    let loss = network.head.loss(labels: labels, headPass(dropout))
    network.head.backwardToFeatures(headPass(dropout), gradient: gradient, dFeatures: dFeatures.base)
    network.head.backwardToWeights(headPass(dropout), gradient: gradient)
    for (memory, images) in leaves {
      memory.dFeatures.update(
        from: dFeatures.base + images.lowerBound * tower.featureCount, count: images.count * tower.featureCount)
    }
    for (index, layer) in tower.layers.enumerated().reversed() {
      let range = layer.parameterRange
      // Garbage beforehand: what a layer does not write shows.
      let sums = FloatBuffer(leaves.count * range.count)
      sums.values.update(repeating: .nan)
      tower.transformFilters(ofLayer: index, for: .backward, network.parameters, into: filters, on: pool)
      pool.parallelFor(leaves.count) { leaf, thread in
        tower.backward(layer: index, pass(leaf, thread), dParameters: sums.base + leaf * range.count)
      }
      sumLeavesInTree(sums.base, leaves: leaves.count, stride: range.count, count: range.count, on: pool)
      (gradient.base + range.lowerBound).update(from: sums.base, count: range.count)
    }
    return loss.lossSum / Double(rows)
  }

  func update(_ sgd: SGD) {
    let state = SolverState(parameters: network.parameters, momentum: momentum, gradient: gradient)
    sgd.update(network.architecture.parameters, state, on: pool)
  }

  func values(_ buffer: FloatBuffer, _ parameter: ParameterDescription) -> [Float] {
    Array(buffer.values[parameter.range])
  }
}
