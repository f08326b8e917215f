import Kernels

/// A convolution with bias and the activation after it, which stays pending on the output.
///
/// The network's first layer reads a planar image, all others blocked maps.
public struct ConvolutionLayer: TowerLayer {
  public let name: String
  let activation: Activation
  let parameters: LayerParameters
  /// How it is computed.
  public let choice: ConvolutionChoice
  private let filters: Int
  let outputExtents: BlockedExtents

  init(
    _ description: LayerDescription.Convolution, input: MapShape, parameters: LayerParameters, readsImage: Bool,
    method: ConvolutionMethod?
  ) {
    name = description.name
    activation = description.activation
    self.parameters = parameters
    let shape = ConvolutionShape(
      channels: input.channels, height: input.height, width: input.width, filters: description.filters,
      kernel: description.kernel, stride: description.stride, padding: description.padding)
    choice = ConvolutionChoice(shape, readsImage: readsImage, forced: method)
    filters = shape.filters
    outputExtents = shape.output
  }

  // MARK: - Extents

  private var lanes: Int { outputExtents.blocks * blockWidth }

  public var inputCount: Int { choice.algorithm.inputCount }
  public var outputCount: Int { outputExtents.count }
  public var parameterRange: Range<Int> { parameters.range }
  public var keptCount: Int { 0 }
  /// Bias, then slopes, 16 floats a block.
  public var preparedCount: Int { 2 * lanes }
  public func filterCount(_ use: FilterUse) -> Int { choice.algorithm.filterCount(use) }
  public var filterPieces: Int { choice.algorithm.filterPieces }
  /// The algorithm's own, then the sums of bias and slopes.
  public func scratchCount(images: Int) -> Int { choice.algorithm.scratchCount(images: images) + 2 * lanes }

  // MARK: - Arithmetic

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

  public func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) {
    choice.algorithm.forward(
      images: images, input: input, filters: filters, bias: prepared, output: output, scratch: scratch)
  }

  public func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafePointer<Float>, kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>,
    dInput: UnsafeMutablePointer<Float>?, dParameters: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let dBias = scratch
    let dSlopes = scratch + lanes
    choice.algorithm.backward(
      images: images, input: input, filters: filters,
      output: PendingMap(values: output, slopes: pendingSlopes(prepared)),
      ConvolutionGradients(
        dOutput: dOutput, dInput: dInput, dWeights: dParameters + parameters.weightOffset, dBias: dBias,
        dSlopes: dSlopes), scratch: scratch + 2 * lanes)
    (dParameters + parameters.biasOffset).update(from: dBias, count: self.filters)
    activation.foldSlopeGradient(dSlopes, channels: self.filters, into: dParameters + parameters.slopeOffset)
  }
}
