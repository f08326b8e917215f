import Kernels
import System

/// The layers before the first fully connected one: from planar images to plain features, a leaf of images at a time.
///
/// A leaf is computed by one thread or by a team, of which all members call the same passes. Calls for different leaves
/// may run at once, each with its own `LeafMemory` and scratch.
public final class Tower: Sendable {
  public let layers: [any TowerLayer]
  /// The precision of the convolutions' operands.
  public let precision: Precision
  /// Whether each layer has parameters that training changes.
  public let isTrained: [Bool]
  /// The lowest layer that is trained, down to which the gradient goes; nil if none is.
  public let lowestTrained: Int?
  /// The values that the layers derived from the parameters at the last `prepare`.
  private let prepared: FloatBuffer
  private let preparedStart: [Int]

  /// - Parameters:
  ///   - convolution: The method by which all convolutions are to be computed, instead of the choice by shape.
  ///   - precision: The precision of their operands.
  public convenience init(
    _ architecture: ResolvedArchitecture, convolution method: ConvolutionMethod? = nil, precision: Precision = .float32
  ) {
    let trained = architecture.parameters.filter { $0.rate > 0 }
    self.init(
      layers: Self.layers(architecture.towerLayers, of: architecture, precision) { _ in method }, precision: precision
    ) { layer in trained.contains { layer.parameterRange.contains($0.offset) } }
  }

  /// Makes the tower of images of another size up to its last map, without the pooling into features.
  ///
  /// Its convolutions are computed as this tower's are, and read the same `TowerFilters`.
  ///
  /// - Parameter architecture: This tower's architecture with another input.
  convenience init(_ tower: Tower, upToLastMapOf architecture: ResolvedArchitecture) {
    var layers = Self.layers(architecture.towerLayers.dropLast(), of: architecture, tower.precision) { place in
      tower.layers[place].method
    }
    // Nothing but pooling into features: the image itself is the last map.
    if layers.isEmpty { layers.append(ImageBlockingLayer(architecture.input)) }
    for (own, other) in zip(layers, tower.layers) {
      precondition(
        own.filterCount(.forward) == other.filterCount(.forward),
        "layer \(own.name) reads \(own.filterCount(.forward)) floats of filters, not \(other.filterCount(.forward))")
    }
    self.init(layers: layers, precision: tower.precision) { _ in false }
  }

  /// - Parameter method: The method for the convolution at a place of the result, instead of the choice by shape.
  private static func layers(
    _ indices: Range<Int>, of architecture: ResolvedArchitecture, _ precision: Precision,
    method: (_ place: Int) -> ConvolutionMethod?
  ) -> [any TowerLayer] {
    var layers: [any TowerLayer] = []
    for index in indices {
      let layer = architecture.layers[index]
      guard let kind = layer.description.settings as? any TowerLayerKind else {
        preconditionFailure("layer \(layer.name) is not a layer of the tower")
      }
      if layers.isEmpty, !type(of: kind).readsImages { layers.append(ImageBlockingLayer(layer.input)) }
      layers.append(
        kind.layer(
          TowerPlace(
            input: layer.input, parameters: LayerParameters(ofLayer: index, in: architecture),
            isFirst: layers.isEmpty, method: method(layers.count), precision: precision)))
    }
    return layers
  }

  private init(layers: [any TowerLayer], precision: Precision, isTrained: (any TowerLayer) -> Bool) {
    self.layers = layers
    self.precision = precision
    self.isTrained = layers.map(isTrained)
    lowestTrained = self.isTrained.firstIndex(of: true)
    var total = 0
    preparedStart = layers.map { layer in
      defer { total += layer.preparedCount.dividedUp(by: blockWidth) * blockWidth }
      return total
    }
    prepared = FloatBuffer(total)
  }

  /// The number of features of one image.
  public var featureCount: Int { layers[layers.count - 1].outputCount }

  /// The number of floats of one planar input image.
  public var imageCount: Int { layers[0].inputCount }

  /// The number of floats of scratch that a team needs for up to `images` images.
  public func scratchCount(images: Int, members: Int = 1) -> Int {
    layers.map { $0.scratchCount(images: images, members: members) }.max() ?? 0
  }

  /// Derives bias and slopes of all layers. It is called whenever the parameters have changed, before `forward`.
  public func prepare(_ parameters: FloatBuffer, on pool: ThreadPool) {
    pool.parallelFor(layers.count, as: "bias and slopes") { layer, _ in
      layers[layer].prepare(parameters.base, into: prepared.base + preparedStart[layer])
    }
  }

  /// Writes a layer's filters into `filters`, as `use` wants them.
  public func transformFilters(
    ofLayer index: Int, for use: FilterUse, _ parameters: FloatBuffer, into filters: TowerFilters, on pool: ThreadPool
  ) {
    let layer = layers[index]
    guard layer.filterCount(use) > 0 else { return }
    pool.parallelFor(layer.filterPieces, as: "filters") { piece, _ in
      layer.transformFilters(parameters.base, use, piece: piece, into: filters.base(ofLayer: index))
    }
  }

  /// Computes a layer's outputs. The layers are called from first to last, after the first one's input was written to
  /// `LeafMemory.images` and the layer's filters were transformed.
  public func forward(layer index: Int, _ leaf: LeafPass) {
    layers[index].forward(pass(index, leaf))
    leaf.team.wait()
  }

  /// Takes the gradient from one layer down to the next. The layers are called from last to first, the last one after
  /// the gradient of the features was written to `LeafMemory.dFeatures`. The lowest layer that is trained hands nothing
  /// down, and those below it are not called.
  ///
  /// - Parameter dParameters: Gets the leaf's gradient of the layer's parameters, laid out like its `parameterRange`;
  ///   left as it is for a frozen layer.
  public func backward(layer index: Int, _ leaf: LeafPass, dParameters: UnsafeMutablePointer<Float>) {
    let memory = leaf.memory
    layers[index].backward(
      pass(index, leaf),
      LayerGradients(
        dOutput: memory.gradient(above: index),
        dInput: index == 0 || index == lowestTrained ? nil : memory.gradient(above: index - 1),
        dParameters: isTrained[index] ? dParameters : nil))
    leaf.team.wait()
  }

  private func pass(_ index: Int, _ leaf: LeafPass) -> LayerPass {
    let memory = leaf.memory
    let input =
      index == 0
      ? PendingMap(values: memory.images)
      : PendingMap(values: memory.output(of: index - 1), slopes: pendingSlopes(ofLayer: index - 1))
    return LayerPass(
      images: leaf.images, input: input, parameters: parameters(ofLayer: index, leaf.filters),
      output: LayerOutput(values: memory.output(of: index), kept: memory.kept(of: index)), scratch: leaf.scratch,
      team: leaf.team)
  }

  /// Computes the last layer's outputs of the `images` first images in `memory`, without anything kept for `backward`.
  func output(images: Int, _ memory: FrameMemory, filters: TowerFilters) -> PendingMap {
    var input = PendingMap(values: memory.images)
    for (index, layer) in layers.enumerated() {
      let output = LayerOutput(values: memory.output(of: index), kept: memory.kept)
      layer.forward(
        LayerPass(
          images: images, input: input, parameters: parameters(ofLayer: index, filters), output: output,
          scratch: memory.scratch, team: .alone))
      input = PendingMap(values: output.values, slopes: pendingSlopes(ofLayer: index))
    }
    return input
  }

  private func parameters(ofLayer index: Int, _ filters: TowerFilters) -> PassParameters {
    PassParameters(prepared: prepared.base + preparedStart[index], filters: filters.base(ofLayer: index))
  }

  /// The slopes that are still to be applied to a layer's output; nil if there are none.
  func pendingSlopes(ofLayer index: Int) -> UnsafePointer<Float>? {
    layers[index].pendingSlopes(prepared.base + preparedStart[index])
  }
}
