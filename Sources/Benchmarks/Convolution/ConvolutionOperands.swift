import Kernels
import Network
import Randomness
import System

/// The values that the passes of one convolution are measured on.
struct ConvolutionOperands {
  /// The weights, (filters, channels, kernel, kernel).
  let weights: FloatBuffer
  /// The bias and the slope of each filter, 16 floats a block.
  let bias: FloatBuffer
  let slopes: FloatBuffer
  /// The input with the activation before it applied, blocked, or planar for the network's first layer.
  let input: FloatBuffer
  /// The gradient of the activated output, blocked: random.
  let dOutput: FloatBuffer

  /// Draws all of them, with a slope of ¼.
  init(random choice: ConvolutionChoice, images: Int) {
    let shape = choice.algorithm.shape
    var random = SplitMix64(seed: 7)
    let lanes = shape.output.blocks * blockWidth
    weights = FloatBuffer(shape.weightCount)
    random.fill(weights.base, count: weights.count)
    input = FloatBuffer(images * choice.algorithm.inputCount)
    if choice.readsImage {
      random.fill(input.base, count: input.count)
    } else {
      Self.fillBlocked(input.base, shape.input, images: images, &random)
    }
    bias = FloatBuffer(lanes)
    random.fill(bias.base, count: lanes)
    slopes = FloatBuffer(lanes)
    slopes.values.update(repeating: 0.25)
    dOutput = Self.gradient(shape, images: images)
  }

  /// Takes what a layer of a trained network meets.
  ///
  /// - Parameter memory: The memory in which the layers below have run on the images.
  init(ofLayer index: Int, _ layer: ConvolutionLayer, of network: Network, _ memory: LeafMemory, images: Int) {
    let shape = layer.choice.algorithm.shape
    let lanes = shape.output.blocks * blockWidth
    guard
      let weight = network.architecture.parameters.first(where: {
        $0.role == .weight && layer.parameterRange.contains($0.offset)
      })
    else { preconditionFailure("layer \(layer.name) has no weights") }
    weights = FloatBuffer(weight.count)
    weights.base.update(from: network.parameters.base + weight.offset, count: weight.count)
    let prepared = FloatBuffer(layer.preparedCount)
    layer.prepare(network.parameters.base, into: prepared.base)
    bias = FloatBuffer(lanes)
    bias.base.update(from: prepared.base, count: lanes)
    slopes = FloatBuffer(lanes)
    slopes.base.update(from: prepared.base + lanes, count: lanes)
    input = FloatBuffer(images * layer.inputCount)
    network.tower.writeInput(ofLayer: index, memory, images: images, into: input.base)
    dOutput = Self.gradient(shape, images: images)
  }

  private static func gradient(_ shape: ConvolutionShape, images: Int) -> FloatBuffer {
    var random = SplitMix64(seed: 8)
    let gradient = FloatBuffer(images * shape.output.count)
    fillBlocked(gradient.base, shape.output, images: images, &random)
    return gradient
  }

  /// Fills maps with random values, and with zeros beyond the real channels, as a network's maps have them.
  private static func fillBlocked(
    _ values: UnsafeMutablePointer<Float>, _ extents: BlockedExtents, images: Int, _ random: inout SplitMix64
  ) {
    random.fill(values, count: images * extents.count)
    let last = extents.channels % blockWidth
    guard last > 0 else { return }
    for image in 0..<images {
      let block = values + image * extents.count + (extents.blocks - 1) * extents.planeCount
      for pixel in 0..<extents.height * extents.width {
        for lane in last..<blockWidth { block[pixel * blockWidth + lane] = 0 }
      }
    }
  }
}

/// A trained network with images, on which its convolutions are measured as they are in use.
public struct TrainedOperands {
  let network: Network
  let count: Int
  private let images: FloatBuffer

  /// - Parameter images: The images as the network sees them, (image, channels, height, width).
  public init(_ network: Network, images: [Float]) {
    let size = network.architecture.input.count
    precondition(!images.isEmpty && images.count % size == 0, "\(images.count) values for images of \(size)")
    self.network = network
    count = images.count / size
    self.images = FloatBuffer(images.count)
    for (place, value) in images.enumerated() { self.images.base[place] = value }
  }

  /// Runs the tower's layers one after the other, and hands over what each convolution meets.
  func forEachConvolution(_ body: (ConvolutionLayer, ConvolutionOperands) throws -> Void) rethrows {
    let (tower, pool) = (network.tower, ThreadPool(threads: 1))
    let memory = LeafMemory(tower, capacity: count)
    let scratch = FloatBuffer(tower.scratchCount(images: count))
    let filters = TowerFilters(tower, keepsAll: false)
    memory.images.update(from: images.base, count: images.count)
    tower.prepare(network.parameters, on: pool)
    for (index, layer) in tower.layers.enumerated() {
      if let layer = layer as? ConvolutionLayer {
        try body(layer, ConvolutionOperands(ofLayer: index, layer, of: network, memory, images: count))
      }
      tower.transformFilters(ofLayer: index, for: .forward, network.parameters, into: filters, on: pool)
      tower.forward(layer: index, LeafPass(memory, images: count, filters: filters, scratch: scratch.base))
    }
  }
}
