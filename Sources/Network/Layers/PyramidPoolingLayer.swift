import Kernels
import System

extension LayerDescription {
  public static func spatialPyramidPooling(_ settings: SpatialPyramidPooling) -> LayerDescription {
    LayerDescription(settings)
  }

  /// An n×n grid of max-pooled bins over the whole map for each level n (paper: SPP [11]); bin i spans
  /// ⌊i·H/n⌋ … ⌈(i+1)·H/n⌉. Without levels the features are the map itself, as a plain vector.
  public struct SpatialPyramidPooling: FeatureLayerKind {
    public var name: String
    public var levels: [Int]

    public init(name: String, levels: [Int]) {
      self.name = name
      self.levels = levels
    }
  }
}

extension LayerDescription.SpatialPyramidPooling {
  public static var key: String { "spatialPyramidPooling" }

  public init() { self.init(name: "", levels: []) }

  public mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("levels", &levels, required: true)
  }

  public var summary: String {
    levels.isEmpty ? "flattening" : "spatial pyramid {\(levels.map(String.init).joined(separator: ", "))}"
  }

  public func output(of input: Extents) throws(ArchitectureError) -> Extents {
    var bins = levels.isEmpty ? input.height * input.width : 0
    for level in levels {
      try checkExtent(level, "a level", from: 1)
      bins += try product([level, level], "bins")
    }
    return Extents(channels: try product([input.channels, bins], "features"), height: 1, width: 1)
  }

  public func layer(_ place: TowerPlace) -> any TowerLayer {
    PyramidPoolingLayer(name: name, pooling: PyramidPooling(input: BlockedExtents(place.input), levels: levels))
  }

  public func windowFeatures(of map: Extents, window: PlaneExtents) -> any WindowFeatures {
    WindowPooling(map: BlockedExtents(map), window: window, levels: levels)
  }

  public func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double] {
    guard !levels.isEmpty else { return map }
    return pass.values(PyramidPoolingReference(pass.layer.input, levels: levels).maxima(map))
  }
}

extension WindowPooling: WindowFeatures {
  public var sharedCount: Int { maximaCount }

  public func prepare(_ map: PendingMap, into shared: UnsafeMutablePointer<Float>) { maxima(map, into: shared) }
}

/// Spatial pyramid pooling of blocked maps into plain features: the tower's last layer.
struct PyramidPoolingLayer: TowerLayer {
  let name: String
  let pooling: PyramidPooling

  var inputCount: Int { pooling.input.count }
  var outputCount: Int { pooling.featureCount }
  /// The number of features, of which each has its place in the map kept.
  var keptCount: Int { pooling.featureCount }

  func forward(_ pass: LayerPass) {
    pass.forEachBlock(pooling.input.blocks) { image, block in
      pooling.forward(
        pass.input.advanced(by: image * inputCount), block: block, features: pass.output.values + image * outputCount,
        chosen: pass.output.kept + image * keptCount)
    }
  }

  func backward(_ pass: LayerPass, _ gradients: LayerGradients) {
    guard let dInput = gradients.dInput else { return }
    pass.forEachBlock(pooling.input.blocks) { image, block in
      pooling.backward(
        block: block, dFeatures: gradients.dOutput + image * outputCount,
        chosen: pass.output.kept + image * keptCount, dInput: dInput + image * inputCount)
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    pooling.plan(images: images, members: members)
  }
}
