import Kernels
import System

extension LayerDescription {
  public static func maxPooling(_ settings: MaxPooling) -> LayerDescription { LayerDescription(settings) }

  /// The maximum of each window; windows overlap if `stride < size`. Windows that do not fit are dropped.
  public struct MaxPooling: TowerLayerKind {
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

extension LayerDescription.MaxPooling {
  public static var key: String { "maxPooling" }

  public init() { self.init(name: "", size: 0, stride: 0) }

  public mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("size", &size, required: true)
    if visitor.mentions("stride") == false { stride = size }
    try visitor.setting("stride", &stride, required: false)
  }

  public var summary: String { "\(size)×\(size) maximum, stride \(stride)" }

  public var window: LayerWindow? { LayerWindow(size: size, stride: stride, padding: 0) }

  public func output(of input: Extents) throws(ArchitectureError) -> Extents {
    try checkExtent(size, "the window", from: 1)
    try checkExtent(stride, "the stride", from: 1)
    return try output(of: input, channels: input.channels, LayerWindow(size: size, stride: stride, padding: 0))
  }

  public func layer(_ place: TowerPlace) -> any TowerLayer {
    MaxPoolingLayer(
      name: name, pooling: MaxPooling(input: BlockedExtents(place.input), size: size, stride: stride))
  }

  public func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double] {
    pass.values(MaxPoolingReference(pass.layer.input, size: size, stride: stride).maxima(map))
  }
}

/// Max pooling of blocked maps.
struct MaxPoolingLayer: TowerLayer {
  let name: String
  let pooling: MaxPooling

  var inputCount: Int { pooling.input.count }
  var outputCount: Int { pooling.output.count }

  func forward(_ pass: LayerPass) {
    pooling.forward(pass.input, images: pass.images, into: pass.output.values, team: pass.team)
  }

  func backward(_ pass: LayerPass, _ gradients: LayerGradients) {
    guard let dInput = gradients.dInput else { return }
    pooling.backward(
      pass.input, images: pass.images, output: pass.output.values, dOutput: gradients.dOutput, dInput: dInput,
      team: pass.team)
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    pooling.plan(images: images, members: members)
  }
}
