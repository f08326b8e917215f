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
  /// The definition, as products of tiles of bfloat16; in that precision only.
  case tiles
}

/// The algorithm that a convolution gets: a function of its shape, of the precision, and of the processor through the
/// compiled kernels and, for bfloat16, the instructions that it has.
public struct ConvolutionChoice: Sendable {
  public let method: ConvolutionMethod
  /// The algorithm's name as `inspect --algorithms` prints it.
  public let name: String
  public let algorithm: any ConvolutionAlgorithm
  /// Whether the input is the network's planar image and not a blocked map.
  public let readsImage: Bool

  /// - Parameters:
  ///   - readsImage: Whether the input is the network's planar image and not a blocked map. Such a layer has one
  ///     algorithm in each precision, whatever is asked for.
  ///   - forced: The method to use instead of the choice by shape. A shape that Winograd's algorithms do not cover
  ///     stays with the direct one, and float32 with the choice by shape where tiles are asked for.
  ///   - engine: The way in which tiles of bfloat16 are multiplied.
  public init(
    _ shape: ConvolutionShape, readsImage: Bool = false, forced: ConvolutionMethod? = nil,
    precision: Precision = .float32, engine: TileEngine = .chosen
  ) {
    self.readsImage = readsImage
    switch precision {
    case .float32: (method, name, algorithm) = Self.float32(shape, readsImage: readsImage, forced: forced)
    case .bfloat16:
      (method, name, algorithm) = Self.bfloat16(shape, readsImage: readsImage, forced: forced, engine)
    }
  }

  private typealias Found = (method: ConvolutionMethod, name: String, algorithm: any ConvolutionAlgorithm)

  private static func float32(_ shape: ConvolutionShape, readsImage: Bool, forced: ConvolutionMethod?) -> Found {
    if readsImage { return (.direct, "direct on planar images", ImageConvolution(shape)) }
    switch forced == .tiles ? method(shape) : forced ?? method(shape) {
    case .winograd where shape.stride == 1 && shape.kernel == 3:
      return (.winograd, "Winograd F(4×4, 3×3)", WinogradConvolution<WinogradF4x3>(shape))
    case .winograd where shape.stride == 1 && shape.kernel == 2:
      return (.winograd, "Winograd F(3×3, 2×2)", WinogradConvolution<WinogradF3x2>(shape))
    case .im2col: return (.im2col, "im2col and OpenBLAS", Im2colConvolution(shape))
    case .panels: return (.panels, "panel products", PanelConvolution(shape))
    case .direct, .winograd, .tiles: return (.direct, "direct", DirectConvolution(shape))
    }
  }

  /// Tiles win if they cost less than the float32 algorithm of the shape, which works on rounded operands otherwise.
  private static func bfloat16(
    _ shape: ConvolutionShape, readsImage: Bool, forced: ConvolutionMethod?, _ engine: TileEngine
  ) -> Found {
    func rounded<Algorithm: ConvolutionAlgorithm>(
      _ method: ConvolutionMethod, _ name: String, roundsFilters: Bool = false, _ algorithm: Algorithm
    ) -> Found {
      (method, "\(name), rounded operands", RoundedConvolution(algorithm, roundsFilters: roundsFilters))
    }
    func tiles(_ name: String) -> Found {
      (.tiles, "\(name) (\(engine.name))", TileConvolution(shape, readsImage: readsImage, engine: engine))
    }
    if readsImage {
      let winsByTiles = imageTileCost(shape, engine) < imageCost(shape)
      return forced == .tiles || forced == nil && winsByTiles
        ? tiles("bfloat16 tiles on patches") : rounded(.direct, "direct on planar images", ImageConvolution(shape))
    }
    let cost = min(directCost(shape), winogradCost(shape) ?? .infinity)
    switch forced ?? (tileCost(shape, engine) < cost ? .tiles : method(shape)) {
    case .winograd where shape.stride == 1 && shape.kernel == 3:
      return rounded(
        .winograd, "Winograd F(4×4, 3×3)", roundsFilters: true,
        WinogradConvolution<WinogradF4x3>(shape, filters: .bfloat16))
    case .winograd where shape.stride == 1 && shape.kernel == 2:
      return rounded(
        .winograd, "Winograd F(3×3, 2×2)", roundsFilters: true,
        WinogradConvolution<WinogradF3x2>(shape, filters: .bfloat16))
    case .im2col: return rounded(.im2col, "im2col and OpenBLAS", Im2colConvolution(shape))
    case .panels:
      return rounded(.panels, "panel products", roundsFilters: true, PanelConvolution(shape, filters: .bfloat16))
    case .direct, .winograd: return rounded(.direct, "direct", DirectConvolution(shape))
    case .tiles: return tiles("bfloat16 tiles")
    }
  }

  /// The choice by shape. Winograd wins if whole panels of channels and tiles are filled well enough; the input
  /// gradient of a strided convolution by the definition would multiply mostly zeros.
  private static func method(_ shape: ConvolutionShape) -> ConvolutionMethod {
    guard let cost = winogradCost(shape) else { return .panels }
    return cost < directCost(shape) ? .winograd : .direct
  }

  // MARK: - Costs of an image's forward pass, in multiply-adds of float32

  /// The cost by Winograd's algorithms; nil for a shape that they do not cover.
  private static func winogradCost(_ shape: ConvolutionShape) -> Double? {
    guard shape.stride == 1, shape.kernel == 2 || shape.kernel == 3 else { return nil }
    let m = shape.kernel == 3 ? WinogradF4x3.outputs : WinogradF3x2.outputs
    let products = shape.kernel == 3 ? WinogradF4x3.products : WinogradF3x2.products
    func lanes(_ channels: Int) -> Int { channels.dividedUp(by: PanelProduct.width) * PanelProduct.width }
    let (inputs, outputs) = (Double(lanes(shape.channels)), Double(lanes(shape.filters)))
    return realProduct(shape.outputHeight.dividedUp(by: m), shape.outputWidth.dividedUp(by: m), products)
      * (inputs * outputs + costOfTransformedValue * (inputs + outputs))
  }

  /// The cost by the definition, on blocks of 16 channels.
  private static func directCost(_ shape: ConvolutionShape) -> Double {
    realProduct(
      blockCount(shape.channels), blockCount(shape.filters), blockWidth * blockWidth, shape.kernel, shape.kernel,
      shape.outputHeight, shape.outputWidth)
  }

  /// The cost by the definition, on units of 32 channels at the engine's rate, with that of the operands' way to
  /// bfloat16.
  private static func tileCost(_ shape: ConvolutionShape, _ engine: TileEngine) -> Double {
    let (inputs, outputs) = (tileLanes(shape.channels), tileLanes(shape.filters))
    let products = inputs * outputs * realProduct(shape.kernel, shape.kernel) / engine.rate
    return realProduct(shape.outputHeight, shape.outputWidth) * (products + costOfTransformedValue * (inputs + outputs))
  }

  /// The number of channels in whole tiles.
  private static func tileLanes(_ channels: Int) -> Double {
    Double(channels.dividedUp(by: Tiles.width) * Tiles.width)
  }

  // MARK: - Costs of a planar image's forward pass

  /// The number of values under a filter.
  private static func places(_ shape: ConvolutionShape) -> Int { shape.channels * shape.kernel * shape.kernel }

  /// The cost by the definition, whose kernel reads single values of the image.
  private static func imageCost(_ shape: ConvolutionShape) -> Double {
    realProduct(shape.outputHeight, shape.outputWidth, places(shape)) * tileLanes(shape.filters)
  }

  /// The cost by tiles, for which the values under the filter are put together for every pixel.
  private static func imageTileCost(_ shape: ConvolutionShape, _ engine: TileEngine) -> Double {
    let (inputs, outputs) = (tileLanes(places(shape)), tileLanes(shape.filters))
    let pixel = inputs * outputs / engine.rate + costOfTransformedValue * (inputs + outputs)
    return realProduct(shape.outputHeight, shape.outputWidth) * pixel
  }
}
