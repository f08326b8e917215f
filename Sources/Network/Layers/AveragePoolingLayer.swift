import Kernels
import System

extension LayerDescription {
  public static func averagePooling(_ settings: AveragePooling) -> LayerDescription { LayerDescription(settings) }

  /// The mean of each window; windows overlap if `stride < size`. Windows that do not fit are dropped. A window as
  /// large as the map averages all of it.
  public struct AveragePooling: TowerLayerKind {
    public var name: String
    public var size: Int
    public var stride: Int

    public init(name: String, size: Int, stride: Int) {
      self.name = name
      self.size = size
      self.stride = stride
    }
  }
}

extension LayerDescription.AveragePooling {
  public static var key: String { "averagePooling" }

  public init() { self.init(name: "", size: 0, stride: 0) }

  public mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("size", &size, required: true)
    if visitor.mentions("stride") == false { stride = size }
    try visitor.setting("stride", &stride, required: false)
  }

  public var summary: String { "\(size)×\(size) average, stride \(stride)" }

  public var window: LayerWindow? { LayerWindow(size: size, stride: stride, padding: 0) }

  public func output(of input: Extents) throws(ArchitectureError) -> Extents {
    try checkExtent(size, "the window", from: 1)
    try checkExtent(stride, "the stride", from: 1)
    return try output(of: input, channels: input.channels, LayerWindow(size: size, stride: stride, padding: 0))
  }

  public func layer(_ place: TowerPlace) -> any TowerLayer {
    AveragePoolingLayer(
      name: name, pooling: AveragePooling(input: BlockedExtents(place.input), size: size, stride: stride))
  }

  public func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double] {
    AveragePoolingReference(pass.layer.input, size: size, stride: stride).means(map)
  }
}

/// Average pooling of blocked maps.
struct AveragePoolingLayer: TowerLayer {
  let name: String
  let pooling: AveragePooling

  var inputCount: Int { pooling.input.count }
  var outputCount: Int { pooling.output.count }

  func forward(_ pass: LayerPass) {
    pass.forEachBlock(pooling.input.blocks) { image, block in
      pooling.forward(
        pass.input.advanced(by: image * inputCount), block: block, into: pass.output.values + image * outputCount)
    }
  }

  func backward(_ pass: LayerPass, _ gradients: LayerGradients) {
    guard let dInput = gradients.dInput else { return }
    pass.forEachBlock(pooling.input.blocks) { image, block in
      pooling.backward(
        block: block, dOutput: gradients.dOutput + image * outputCount, dInput: dInput + image * inputCount)
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    pooling.plan(images: images, members: members)
  }
}
