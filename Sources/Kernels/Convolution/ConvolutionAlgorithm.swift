/// A map as it lies in memory: values before their activation, with the slopes that are still to be applied.
///
/// A layer keeps y; whoever reads it applies f(y) on the way in. So f(y) needs no memory of its own, and y is there for
/// the gradient whatever the sign of a.
public struct PendingMap {
  /// The values of the first image.
  public var values: UnsafePointer<Float>
  /// The coefficient a of Eqn 1, 16 floats a block; nil if there is nothing to apply.
  public var slopes: UnsafePointer<Float>?

  public init(values: UnsafePointer<Float>, slopes: UnsafePointer<Float>? = nil) {
    self.values = values
    self.slopes = slopes
  }

  /// The map that begins `count` floats further on, such as the next image's.
  public func advanced(by count: Int) -> PendingMap { PendingMap(values: values + count, slopes: slopes) }
}

/// The two passes that need filters, each in an order of its own.
public enum FilterUse: Sendable {
  case forward
  case backward
}

/// The parameters of a convolution as a pass reads them.
public struct ConvolutionParameters {
  /// The filters in the order of the pass, as `transformFilters` wrote them.
  public var filters: UnsafePointer<Float>
  /// The bias of each filter, 16 floats a block; read by `forward`.
  public var bias: UnsafePointer<Float>
  /// The coefficient a of Eqn 1 for the activation that follows, 16 floats a block; read by `backward`. Nil means a =
  /// 1, no activation.
  public var slopes: UnsafePointer<Float>?

  public init(filters: UnsafePointer<Float>, bias: UnsafePointer<Float>, slopes: UnsafePointer<Float>?) {
    self.filters = filters
    self.bias = bias
    self.slopes = slopes
  }
}

/// One pass of a convolution over some images, on memory that the caller asked for once.
public struct ConvolutionPass {
  /// The number of images, which lie one behind the other in every map.
  public var images: Int
  public var input: PendingMap
  public var parameters: ConvolutionParameters
  /// The output before its activation: written by `forward`, read by `backward`.
  public var output: UnsafeMutablePointer<Float>
  /// The memory of the team, the same for all members: `scratchCount(images:members:)` floats.
  public var scratch: UnsafeMutablePointer<Float>
  /// The calling thread as a member of the team that computes the pass. All members call it, each with its own.
  public var team: TeamMember

  public init(
    images: Int, input: PendingMap, parameters: ConvolutionParameters, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: TeamMember = .alone
  ) {
    self.images = images
    self.input = input
    self.parameters = parameters
    self.output = output
    self.scratch = scratch
    self.team = team
  }
}

/// The gradients that a backward pass writes, and the one that it starts from.
public struct ConvolutionGradients {
  /// The gradient with respect to the activated output; may be written over.
  public var dOutput: UnsafeMutablePointer<Float>
  /// The gradient with respect to the activated input; nil if nobody asks for it.
  public var dInput: UnsafeMutablePointer<Float>?
  /// The gradient of the weights, (filters, channels, kernel, kernel); nil if nobody asks for it.
  public var dWeights: UnsafeMutablePointer<Float>?
  /// The sum Σ ∂E/∂y of each filter, 16 floats a block.
  public var dBias: UnsafeMutablePointer<Float>
  /// The sum Σ y·∂E/∂f over y ≤ 0 of each filter (Eqn 3), 16 floats a block.
  public var dSlopes: UnsafeMutablePointer<Float>

  public init(
    dOutput: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>?,
    dWeights: UnsafeMutablePointer<Float>?, dBias: UnsafeMutablePointer<Float>, dSlopes: UnsafeMutablePointer<Float>
  ) {
    self.dOutput = dOutput
    self.dInput = dInput
    self.dWeights = dWeights
    self.dBias = dBias
    self.dSlopes = dSlopes
  }

  /// Adds up what the images gave for bias and slopes of a block of filters, in their order; `sums` lie as
  /// [image][bias, slopes][16 floats a block].
  func addImages(_ images: Int, _ sums: UnsafePointer<Float>, _ output: BlockedExtents, block: Int) {
    let (lanes, own) = (output.blocks * blockWidth, sums + block * blockWidth)
    var (bias, slope) = (Vector.zero, Vector.zero)
    for image in 0..<images {
      bias += load(own + image * 2 * lanes)
      slope += load(own + (image * 2 * lanes + lanes))
    }
    store(bias, dBias + block * blockWidth)
    store(slope, dSlopes + block * blockWidth)
  }
}

/// A way to compute the passes of one convolution on any number of images.
///
/// Maps are blocked, [image][blocks][height][width][16], but for the input of `ImageConvolution`. An image's output
/// does not depend on the images beside it; the gradients of the parameters are sums over the images in a fixed order,
/// which does not depend on the team either. On return the last phase of a pass may still be at work: `TeamMember.wait`
/// separates it from what follows. No memory for maps is allocated: filters and scratch lie in memory that the caller
/// asks for once.
public protocol ConvolutionAlgorithm: Sendable {
  var shape: ConvolutionShape { get }
  /// The number of floats of one image's input as it lies in memory.
  var inputCount: Int { get }
  /// The number of multiply-adds of the products of one image's pass: fewer than those of the definition where the
  /// algorithm saves some.
  var productCount: Int { get }
  /// The number of floats of the filters as a pass reads them.
  func filterCount(_ use: FilterUse) -> Int
  /// The number of pieces in which `transformFilters` works; they may run at once.
  var filterPieces: Int { get }
  /// The number of floats of scratch of a team's pass over up to `images` images.
  func scratchCount(images: Int, members: Int) -> Int

  /// Writes piece `piece` of the filters as a pass reads them, from (filters, channels, kernel, kernel).
  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>)

  /// Writes output = bias + f(input) ∗ filters.
  func forward(_ pass: ConvolutionPass)

  /// Writes all of `gradients`; `pass` holds the input and the output of `forward`.
  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients)

  /// The division of a team's pass over `images` images, without the transform of the filters.
  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan
}

extension ConvolutionAlgorithm {
  public var productCount: Int { shape.multiplyAdds }
}
