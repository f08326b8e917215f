import Kernels
import System

extension LayerDescription {
  public static func convolution(_ settings: Convolution) -> LayerDescription { LayerDescription(settings) }

  /// A convolution with bias, and the activation after it.
  public struct Convolution: TowerLayerKind, ActivatedLayerKind {
    public var name: String
    public var filters: Int
    /// The height and width of the filters.
    public var kernel: Int
    public var stride: Int
    /// The zeros added on each side.
    public var padding: Int
    public var activation: Activation

    public init(
      name: String, filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, activation: Activation
    ) {
      self.name = name
      self.filters = filters
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.activation = activation
    }
  }
}

extension LayerDescription.Convolution {
  public static var key: String { "convolution" }
  public static var readsImages: Bool { true }

  public init() { self.init(name: "", filters: 0, kernel: 0, activation: .none) }

  public mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("filters", &filters, required: true)
    try visitor.setting("kernel", &kernel, required: true)
    try visitor.setting("stride", &stride, required: false)
    try visitor.setting("padding", &padding, required: false)
    try visitor.setting("activation", &activation, required: false)
  }

  public var summary: String {
    var words = ["\(kernel)×\(kernel) convolution"]
    if stride > 1 { words.append("stride \(stride)") }
    if padding > 0 { words.append("padding \(padding)") }
    if activation != .none { words.append(activation.rawValue) }
    return words.joined(separator: ", ")
  }

  public var window: LayerWindow? { LayerWindow(size: kernel, stride: stride, padding: padding) }

  public func output(of input: Extents) throws(ArchitectureError) -> Extents {
    try checkExtent(filters, "filters", from: 1)
    try checkExtent(kernel, "the kernel", from: 1)
    try checkExtent(stride, "the stride", from: 1)
    try checkExtent(padding, "the padding", from: 0)
    guard padding < kernel else { throw failure("the padding \(padding) is not below the kernel's size \(kernel)") }
    let output = try output(
      of: input, channels: filters, LayerWindow(size: kernel, stride: stride, padding: padding))
    _ = try product([input.channels, kernel, kernel], "weights of one filter")
    return output
  }

  public func weights(of input: Extents) -> [Int]? { [filters, input.channels, kernel, kernel] }

  func shape(_ input: Extents) -> ConvolutionShape {
    ConvolutionShape(input, filters: filters, kernel: kernel, stride: stride, padding: padding)
  }

  public func layer(_ place: TowerPlace) -> any TowerLayer { ConvolutionLayer(self, place) }

  public func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double] {
    let reference = ConvolutionReference(shape(pass.layer.input))
    let (weight, pixels) = (pass.weight, pass.layer.output.plane.count)
    return pass.activated(
      (0..<pass.layer.output.count).map { place in
        pass.biases[place / pixels] + reference.output(place, input: { map[$0] }, weight: weight)
      })
  }
}

/// A convolution with bias and the activation after it, which stays pending on the output.
///
/// The network's first layer reads a planar image, all others blocked maps.
public struct ConvolutionLayer: TowerLayer {
  public let name: String
  private let activation: Activation
  private let parameters: LayerParameters
  /// The algorithm that computes it.
  public let choice: ConvolutionChoice
  private let filters: Int
  private let output: BlockedExtents

  init(_ settings: LayerDescription.Convolution, _ place: TowerPlace) {
    guard let parameters = place.parameters else { preconditionFailure("layer \(settings.name) has no parameters") }
    self.parameters = parameters
    name = settings.name
    activation = settings.activation
    let shape = settings.shape(place.input)
    choice = ConvolutionChoice(
      shape, readsImage: place.isFirst, forced: place.method, precision: place.precision)
    filters = shape.filters
    output = shape.output
  }

  // MARK: - Extents

  private var lanes: Int { output.blocks * blockWidth }

  public var inputCount: Int { choice.algorithm.inputCount }
  public var outputCount: Int { output.count }
  public var parameterRange: Range<Int> { parameters.range }
  public var responses: BlockedExtents? { output }
  /// The number of floats of bias and slopes, 16 a block each.
  public var preparedCount: Int { 2 * lanes }
  public func filterCount(_ use: FilterUse) -> Int { choice.algorithm.filterCount(use) }
  public var filterPieces: Int { choice.algorithm.filterPieces }
  public var method: ConvolutionMethod? { choice.method }
  /// The number of floats of the sums of bias and slopes, and of the algorithm's own scratch behind them.
  public func scratchCount(images: Int, members: Int) -> Int {
    2 * lanes + choice.algorithm.scratchCount(images: images, members: members)
  }

  // MARK: - Parameters

  public func prepare(_ all: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    for lane in 0..<lanes { prepared[lane] = lane < filters ? all[parameters.bias + lane] : 0 }
    activation.expandSlopes(all + parameters.slope, channels: filters, count: lanes, into: prepared + lanes)
  }

  public func transformFilters(
    _ all: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    choice.algorithm.transformFilters(all + parameters.weight, use, piece: piece, into: filters)
  }

  public func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? {
    activation == .none ? nil : prepared + lanes
  }

  // MARK: - Passes

  private func convolutionPass(_ pass: LayerPass) -> ConvolutionPass {
    let prepared = pass.parameters.prepared
    return ConvolutionPass(
      images: pass.images, input: pass.input,
      parameters: ConvolutionParameters(
        filters: pass.parameters.filters, bias: prepared, slopes: pendingSlopes(prepared)),
      output: pass.output.values, scratch: pass.scratch + 2 * lanes, team: pass.team)
  }

  public func forward(_ pass: LayerPass) { choice.algorithm.forward(convolutionPass(pass)) }

  public func backward(_ pass: LayerPass, _ gradients: LayerGradients) {
    let (dBias, dSlopes) = (pass.scratch, pass.scratch + lanes)
    choice.algorithm.backward(
      convolutionPass(pass),
      ConvolutionGradients(
        dOutput: gradients.dOutput, dInput: gradients.dInput,
        dWeights: gradients.dParameters.map { $0 + parameters.weightOffset }, dBias: dBias, dSlopes: dSlopes))
    guard let dParameters = gradients.dParameters else { return }
    pass.team.wait()
    pass.team.share(1, as: "gradients of bias and slopes") { _ in
      (dParameters + parameters.biasOffset).update(from: dBias, count: filters)
      activation.foldSlopeGradient(dSlopes, channels: filters, into: dParameters + parameters.slopeOffset)
    }
  }

  public func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    choice.algorithm.plan(use, images: images, members: members)
  }
}
