/// The ways to compute a convolution that a person can ask for.
public enum ConvolutionMethod: String, CaseIterable, Codable, Sendable {
  /// By the definition, on blocked maps.
  case direct
  /// As a matrix product by OpenBLAS.
  case im2col
  /// By minimal filtering, F(4×4, 3×3) or F(3×3, 2×2).
  case winograd
}

/// Which algorithm a convolution gets: a function of its shape and, through the compiled kernels, of the processor.
public struct ConvolutionChoice: Sendable {
  public let method: ConvolutionMethod
  /// What `inspect --algorithms` prints.
  public let name: String
  public let algorithm: any ConvolutionAlgorithm
  /// Whether the input is the network's planar image and not a blocked map.
  public let readsImage: Bool

  /// - Parameters:
  ///   - readsImage: whether the input is the network's planar image and not a blocked map. Such a layer has one
  ///     algorithm whatever is asked for.
  ///   - forced: what to use instead of the choice by shape; a shape that Winograd's algorithms do not cover stays with
  ///     the direct one.
  public init(_ shape: ConvolutionShape, readsImage: Bool = false, forced: ConvolutionMethod? = nil) {
    self.readsImage = readsImage
    if readsImage {
      (method, name) = (.direct, "direct on patches")
      algorithm = ImageConvolution(shape)
      return
    }
    switch forced ?? Self.method(shape) {
    case .winograd where shape.stride == 1 && shape.kernel == 3:
      (method, name) = (.winograd, "Winograd F(4×4, 3×3)")
      algorithm = WinogradConvolution<WinogradF4x3>(shape)
    case .winograd where shape.stride == 1 && shape.kernel == 2:
      (method, name) = (.winograd, "Winograd F(3×3, 2×2)")
      algorithm = WinogradConvolution<WinogradF3x2>(shape)
    case .im2col:
      (method, name) = (.im2col, "im2col and OpenBLAS")
      algorithm = MatrixConvolution(shape)
    case .direct, .winograd:
      (method, name) = (.direct, "direct")
      algorithm = BlockedConvolution(shape)
    }
  }

  /// Winograd wins where whole panels of channels and tiles are filled well enough; a strided convolution's input
  /// gradient by the definition would multiply mostly zeros.
  private static func method(_ shape: ConvolutionShape) -> ConvolutionMethod {
    guard shape.stride == 1 else { return .im2col }
    guard shape.kernel == 2 || shape.kernel == 3 else { return .direct }
    let m = shape.kernel == 3 ? WinogradF4x3.outputs : WinogradF3x2.outputs
    let products = shape.kernel == 3 ? WinogradF4x3.products : WinogradF3x2.products
    func covered(_ extent: Int) -> Int { (extent + m - 1) / m }
    func lanes(_ channels: Int) -> Int { (channels + 31) / 32 * 32 }
    let tiles = covered(shape.outputHeight) * covered(shape.outputWidth)
    let (inputs, outputs) = (lanes(shape.channels), lanes(shape.filters))
    // In multiply-adds; the transforms count as so many of them for each value, an estimate.
    let cost = tiles * products * (inputs * outputs + transformCost * (inputs + outputs))
    let direct =
      blockCount(shape.channels) * blockCount(shape.filters) * blockWidth * blockWidth * shape.kernel * shape.kernel
      * shape.outputHeight * shape.outputWidth
    return cost < direct ? .winograd : .direct
  }

  private static let transformCost = 8
}
