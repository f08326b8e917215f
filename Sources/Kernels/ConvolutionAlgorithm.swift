/// A map as it lies in memory: values before their activation, with the slopes that are still to be applied.
///
/// A layer keeps y; whoever reads it applies f(y) on the way in. So f(y) needs no memory of its own, and y is there for
/// the gradient whatever the sign of a.
public struct PendingMap {
  /// Values of the first image.
  public var values: UnsafePointer<Float>
  /// a of Eqn 1, 16 floats a block; nil where nothing is to be applied.
  public var slopes: UnsafePointer<Float>?

  public init(values: UnsafePointer<Float>, slopes: UnsafePointer<Float>? = nil) {
    self.values = values
    self.slopes = slopes
  }
}

/// The two passes that need filters, each in an order of its own.
public enum FilterUse: Sendable {
  case forward
  case backward
}

/// What a backward pass writes, and the gradient that it starts from.
public struct ConvolutionGradients {
  /// The gradient with respect to the activated output; may be written over.
  public var dOutput: UnsafeMutablePointer<Float>
  /// The gradient with respect to the activated input; nil where nobody asks for it.
  public var dInput: UnsafeMutablePointer<Float>?
  /// (filters, channels, kernel, kernel).
  public var dWeights: UnsafeMutablePointer<Float>
  /// Σ ∂E/∂y of each filter, 16 floats a block.
  public var dBias: UnsafeMutablePointer<Float>
  /// Σ y·∂E/∂f over y ≤ 0 of each filter (Eqn 3), 16 floats a block.
  public var dSlopes: UnsafeMutablePointer<Float>

  public init(
    dOutput: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>?,
    dWeights: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>, dSlopes: UnsafeMutablePointer<Float>
  ) {
    self.dOutput = dOutput
    self.dInput = dInput
    self.dWeights = dWeights
    self.dBias = dBias
    self.dSlopes = dSlopes
  }
}

/// A way to compute the passes of one convolution on any number of images.
///
/// Maps are blocked, [image][blocks][height][width][16], but for the input of `ImageConvolution`. An image's output does
/// not depend on the images beside it; the gradients of the parameters are sums over the images in a fixed order.
/// Nothing is allocated: filters and scratch lie in memory that the caller asks for once.
public protocol ConvolutionAlgorithm: Sendable {
  var shape: ConvolutionShape { get }
  /// Floats of one image's input as it lies in memory.
  var inputCount: Int { get }
  /// Floats of the filters as a pass reads them.
  func filterCount(_ use: FilterUse) -> Int
  /// Pieces in which `transformFilters` works, which may run at once.
  var filterPieces: Int { get }
  /// Floats of scratch of a pass over up to `images` images.
  func scratchCount(images: Int) -> Int

  /// Writes piece `piece` of the filters as a pass reads them, from (filters, channels, kernel, kernel).
  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>)

  /// output = bias + f(input) ∗ filters; `bias` has 16 floats a block.
  func forward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)

  /// Writes all of `gradients`.
  ///
  /// - Parameter output: what `forward` wrote, with the slopes pending on it (a = 1 where there is no activation).
  func backward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, output: PendingMap,
    _ gradients: ConvolutionGradients,
    scratch: UnsafeMutablePointer<Float>)
}
