import Kernels

/// The layers before the first fully connected one: from planar images to plain features, a leaf of images at a time.
///
/// Calls for different leaves may run at once, each with its own `LeafMemory` and scratch.
public final class Tower: Sendable {
  public let layers: [any TowerLayer]
  /// What the layers derived from the parameters at the last `prepare`.
  private let prepared: FloatBuffer
  private let preparedStart: [Int]

  /// - Parameter convolution: how all convolutions are to be computed, instead of the choice by shape.
  public init(_ architecture: ResolvedArchitecture, convolution method: ConvolutionMethod? = nil) {
    var layers: [any TowerLayer] = []
    for index in architecture.towerLayers {
      let layer = architecture.layers[index]
      switch layer.description {
      case .convolution(let description):
        layers.append(
          ConvolutionLayer(
            description, input: layer.input, parameters: LayerParameters(ofLayer: index, in: architecture),
            readsImage: layers.isEmpty, method: method))
        continue
      case .maxPooling, .spatialPyramidPooling, .fullyConnected: break
      }
      if layers.isEmpty { layers.append(ImageBlockingLayer(layer.input)) }
      switch layer.description {
      case .maxPooling(let description): layers.append(MaxPoolingLayer(description, input: layer.input))
      case .spatialPyramidPooling(let description): layers.append(PyramidPoolingLayer(description, input: layer.input))
      case .convolution, .fullyConnected: preconditionFailure("layer \(layer.name) does not belong here")
      }
    }
    self.layers = layers
    var total = 0
    preparedStart = layers.map { layer in
      defer { total += (layer.preparedCount + blockWidth - 1) / blockWidth * blockWidth }
      return total
    }
    prepared = FloatBuffer(total)
  }

  /// Features of one image.
  public var featureCount: Int { layers[layers.count - 1].outputCount }

  /// Floats of one planar input image.
  public var imageCount: Int { layers[0].inputCount }

  /// Floats of scratch that a thread needs for up to `images` images.
  public func scratchCount(images: Int) -> Int { layers.map { $0.scratchCount(images: images) }.max() ?? 0 }

  /// To be called whenever the parameters have changed, before `forward`: bias and slopes of all layers.
  public func prepare(_ parameters: FloatBuffer, on pool: ThreadPool) {
    pool.parallelFor(layers.count) { layer, _ in
      layers[layer].prepare(parameters.base, into: prepared.base + preparedStart[layer])
    }
  }

  /// Writes a layer's filters into `filters`, as `use` wants them.
  public func transformFilters(
    ofLayer index: Int, for use: FilterUse, _ parameters: FloatBuffer, into filters: TowerFilters, on pool: ThreadPool
  ) {
    let layer = layers[index]
    guard layer.filterCount(use) > 0 else { return }
    pool.parallelFor(layer.filterPieces) { piece, _ in
      layer.transformFilters(parameters.base, use, piece: piece, into: filters.base(ofLayer: index))
    }
  }

  /// Computes a layer's outputs for the `images` first images in `memory`, the layers to be called from first to last
  /// after the first one's input was written to `memory.images` and the layer's filters were transformed.
  public func forward(layer index: Int, _ memory: LeafMemory, images: Int, filters: TowerFilters, scratch: FloatBuffer)
  {
    precondition(images <= memory.capacity, "\(images) images in a leaf of \(memory.capacity)")
    layers[index].forward(
      images: images, input: input(of: index, memory), prepared: prepared.base + preparedStart[index],
      filters: filters.base(ofLayer: index), output: memory.output(of: index), kept: memory.kept(of: index),
      scratch: scratch.base)
  }

  /// Takes one layer's gradient a layer further down; layers are to be called from last to first, the last one after
  /// the gradient of the features was written to `memory.dFeatures`.
  ///
  /// `dParameters` gets the leaf's gradient of the layer's parameters, laid out like its `parameterRange`.
  public func backward(
    layer index: Int, _ memory: LeafMemory, images: Int, filters: TowerFilters,
    dParameters: UnsafeMutablePointer<Float>, scratch: FloatBuffer
  ) {
    layers[index].backward(
      images: images, input: input(of: index, memory), prepared: prepared.base + preparedStart[index],
      filters: filters.base(ofLayer: index), output: memory.output(of: index), kept: memory.kept(of: index),
      dOutput: memory.gradient(above: index), dInput: index == 0 ? nil : memory.gradient(above: index - 1),
      dParameters: dParameters, scratch: scratch.base)
  }

  private func input(of index: Int, _ memory: LeafMemory) -> PendingMap {
    guard index > 0 else { return PendingMap(values: memory.images) }
    return PendingMap(values: memory.output(of: index - 1), slopes: pendingSlopes(ofLayer: index - 1))
  }

  /// The slopes that are still to be applied to a layer's output; nil where none are.
  func pendingSlopes(ofLayer index: Int) -> UnsafePointer<Float>? {
    layers[index].pendingSlopes(prepared.base + preparedStart[index])
  }
}

/// The filters of one layer at a time, or of all layers, as passes read them.
///
/// Winograd's are four times as large as the weights; in training each layer's are made just before they are used.
public final class TowerFilters: Sendable {
  private let buffer: FloatBuffer
  private let starts: [Int]

  /// - Parameter keepsAll: room for the forward filters of all layers, for passes over many groups of images; otherwise
  ///   for those of one layer, forward or backward.
  public init(_ tower: Tower, keepsAll: Bool) {
    guard keepsAll else {
      buffer = FloatBuffer(
        tower.layers.map { max($0.filterCount(.forward), $0.filterCount(.backward)) }.max() ?? 0)
      starts = tower.layers.map { _ in 0 }
      return
    }
    var total = 0
    starts = tower.layers.map { layer in
      defer { total += (layer.filterCount(.forward) + blockWidth - 1) / blockWidth * blockWidth }
      return total
    }
    buffer = FloatBuffer(total)
  }

  func base(ofLayer index: Int) -> UnsafeMutablePointer<Float> { buffer.base + starts[index] }
}

/// The maps and gradients of one leaf, asked for once.
public final class LeafMemory: Sendable {
  /// Images it has room for.
  public let capacity: Int
  private let tower: Tower
  private let input: FloatBuffer
  /// One for each layer in training; two used in turn where no backward follows.
  private let outputs: [FloatBuffer]
  /// Used in turn from the last layer to the first; empty where no backward follows.
  private let gradients: [FloatBuffer]
  private let keptNumbers: [IndexBuffer]

  public init(_ tower: Tower, capacity: Int, forTraining: Bool) {
    self.tower = tower
    self.capacity = capacity
    input = FloatBuffer(capacity * tower.imageCount)
    let largest = tower.layers.map(\.outputCount).max() ?? 0
    outputs =
      forTraining
      ? tower.layers.map { FloatBuffer(capacity * $0.outputCount) }
      : (0..<2).map { _ in FloatBuffer(capacity * largest) }
    gradients = forTraining ? (0..<2).map { _ in FloatBuffer(capacity * largest) } : []
    keptNumbers = tower.layers.map { IndexBuffer(capacity * $0.keptCount) }
  }

  /// The planar input, to be filled before `forward`: [image][channels][height][width].
  public var images: UnsafeMutablePointer<Float> { input.base }

  /// The tower's output after `forward`: [image][feature].
  public var features: UnsafeMutablePointer<Float> { output(of: tower.layers.count - 1) }

  /// The gradient of the features, to be filled before the last layer's `backward`.
  public var dFeatures: UnsafeMutablePointer<Float> { gradient(above: tower.layers.count - 1) }

  func output(of layer: Int) -> UnsafeMutablePointer<Float> {
    (gradients.isEmpty ? outputs[layer % 2] : outputs[layer]).base
  }

  func gradient(above layer: Int) -> UnsafeMutablePointer<Float> {
    precondition(!gradients.isEmpty, "backward of layer \(layer) in memory for forward only")
    return gradients[layer % 2].base
  }

  func kept(of layer: Int) -> UnsafeMutablePointer<Int32> { keptNumbers[layer].base }
}

/// Memory for whole numbers. Sendable although mutable, as `FloatBuffer` is and for the same reason.
final class IndexBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Int32>

  init(_ count: Int) {
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { base.deallocate() }
}
