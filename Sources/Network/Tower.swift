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
  public convenience init(_ architecture: ResolvedArchitecture, convolution method: ConvolutionMethod? = nil) {
    self.init(
      layers: architecture.towerLayers.reduce(into: []) { layers, index in
        Self.append(index, of: architecture, to: &layers, method: method)
      })
  }

  /// The tower of images of another size up to its last map, without the pooling into features.
  ///
  /// Its convolutions are computed as this tower's are, and read the same `TowerFilters`.
  ///
  /// - Parameter architecture: this tower's with another input.
  convenience init(_ tower: Tower, upToLastMapOf architecture: ResolvedArchitecture) {
    let methods = tower.layers.compactMap { ($0 as? ConvolutionLayer)?.choice.method }
    var layers: [any TowerLayer] = []
    var convolutions = 0
    for index in architecture.towerLayers.dropLast() {
      guard case .convolution = architecture.layers[index].description else {
        Self.append(index, of: architecture, to: &layers, method: nil)
        continue
      }
      Self.append(index, of: architecture, to: &layers, method: methods[convolutions])
      convolutions += 1
    }
    // Nothing but pooling into features: the image itself is the last map.
    if layers.isEmpty { layers.append(ImageBlockingLayer(architecture.input)) }
    for (own, other) in zip(layers, tower.layers) {
      precondition(
        own.filterCount(.forward) == other.filterCount(.forward),
        "layer \(own.name) reads \(own.filterCount(.forward)) floats of filters, not \(other.filterCount(.forward))")
    }
    self.init(layers: layers)
  }

  private static func append(
    _ index: Int, of architecture: ResolvedArchitecture, to layers: inout [any TowerLayer], method: ConvolutionMethod?
  ) {
    let layer = architecture.layers[index]
    if case .convolution(let description) = layer.description {
      layers.append(
        ConvolutionLayer(
          description, input: layer.input, parameters: LayerParameters(ofLayer: index, in: architecture),
          readsImage: layers.isEmpty, method: method))
      return
    }
    if layers.isEmpty { layers.append(ImageBlockingLayer(layer.input)) }
    switch layer.description {
    case .maxPooling(let description): layers.append(MaxPoolingLayer(description, input: layer.input))
    case .spatialPyramidPooling(let description): layers.append(PyramidPoolingLayer(description, input: layer.input))
    case .convolution, .fullyConnected: preconditionFailure("layer \(layer.name) does not belong here")
    }
  }

  private init(layers: [any TowerLayer]) {
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

  /// The last layer's outputs of the `images` first images in `memory`, without anything kept for `backward`.
  func output(images: Int, _ memory: FrameMemory, filters: TowerFilters) -> PendingMap {
    var input = PendingMap(values: memory.images)
    for (index, layer) in layers.enumerated() {
      let prepared = prepared.base + preparedStart[index]
      let output = memory.output(of: index)
      layer.forward(
        images: images, input: input, prepared: prepared, filters: filters.base(ofLayer: index), output: output,
        kept: memory.kept, scratch: memory.scratch)
      input = PendingMap(values: output, slopes: layer.pendingSlopes(prepared))
    }
    return input
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
