import System

/// The ways to compute a convolution that a person can ask for.
public enum ConvolutionMethod: String, CaseIterable, Codable, Sendable {
  /// The definition, on blocked maps.
  case direct
  /// A matrix product by OpenBLAS.
  case im2col
  /// The definition, as matrix products on panels.
  case panels
  /// Minimal filtering, F(4×4, 3×3) or F(3×3, 2×2).
  case winograd
}

/// The algorithm that a convolution gets: a function of its shape and, through the compiled kernels, of the processor.
public struct ConvolutionChoice: Sendable {
  public let method: ConvolutionMethod
  /// The algorithm's name as `inspect --algorithms` prints it.
  public let name: String
  public let algorithm: any ConvolutionAlgorithm
  /// Whether the input is the network's planar image and not a blocked map.
  public let readsImage: Bool

  /// - Parameters:
  ///   - readsImage: Whether the input is the network's planar image and not a blocked map. Such a layer has one
  ///     algorithm whatever is asked for.
  ///   - forced: The method to use instead of the choice by shape. A shape that Winograd's algorithms do not cover
  ///     stays with the direct one.
  public init(_ shape: ConvolutionShape, readsImage: Bool = false, forced: ConvolutionMethod? = nil) {
    self.readsImage = readsImage
    if readsImage {
      (method, name) = (.direct, "direct on planar images")
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
      algorithm = Im2colConvolution(shape)
    case .panels:
      (method, name) = (.panels, "panel products")
      algorithm = PanelConvolution(shape)
    case .direct, .winograd:
      (method, name) = (.direct, "direct")
      algorithm = DirectConvolution(shape)
    }
  }

  /// The choice by shape. Winograd wins if whole panels of channels and tiles are filled well enough; the input
  /// gradient of a strided convolution by the definition would multiply mostly zeros.
  private static func method(_ shape: ConvolutionShape) -> ConvolutionMethod {
    guard shape.stride == 1, shape.kernel == 2 || shape.kernel == 3 else { return .panels }
    let m = shape.kernel == 3 ? WinogradF4x3.outputs : WinogradF3x2.outputs
    let products = shape.kernel == 3 ? WinogradF4x3.products : WinogradF3x2.products
    func lanes(_ channels: Int) -> Int { channels.dividedUp(by: PanelProduct.width) * PanelProduct.width }
    let tiles = shape.outputHeight.dividedUp(by: m) * shape.outputWidth.dividedUp(by: m)
    let (inputs, outputs) = (lanes(shape.channels), lanes(shape.filters))
    // Both costs are in multiply-adds.
    let cost = tiles * products * (inputs * outputs + Int(costOfTransformedValue) * (inputs + outputs))
    let direct =
      blockCount(shape.channels) * blockCount(shape.filters) * blockWidth * blockWidth * shape.kernel * shape.kernel
      * shape.outputHeight * shape.outputWidth
    return cost < direct ? .winograd : .direct
  }
}
