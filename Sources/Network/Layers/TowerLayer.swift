import Kernels

/// The parameters of a layer as its passes read them.
public struct PassParameters {
  /// The values that `prepare` derived from bias and slopes.
  public var prepared: UnsafePointer<Float>
  /// The filters as `transformFilters` wrote them for this pass.
  public var filters: UnsafePointer<Float>
}

/// The memory that a layer's forward pass writes and its backward pass reads.
public struct LayerOutput {
  /// The outputs before their activation.
  public var values: UnsafeMutablePointer<Float>
  /// Whole numbers that forward keeps for backward, such as the places of maxima.
  public var kept: UnsafeMutablePointer<Int32>
}

/// One pass of a layer over the images of a leaf, on memory that was asked for once.
public struct LayerPass {
  /// The number of images, which lie one behind the other in every map.
  public var images: Int
  public var input: PendingMap
  public var parameters: PassParameters
  public var output: LayerOutput
  /// The memory of the team, the same for all members: `scratchCount(images:members:)` floats.
  public var scratch: UnsafeMutablePointer<Float>
  /// The calling thread as a member of the team that computes the pass. All members call it, each with its own.
  public var team: TeamMember

  /// Shares out the blocks of all images: calls `body(image, block)`.
  func forEachBlock(_ blocks: Int, _ body: (_ image: Int, _ block: Int) -> Void) {
    team.share(images * blocks, as: "blocks") { place in
      let (image, block) = place.quotientAndRemainder(dividingBy: blocks)
      body(image, block)
    }
  }
}

/// The gradients that a layer's backward pass writes, and the one that it starts from.
public struct LayerGradients {
  /// The gradient with respect to the *activated* output; may be written over.
  public var dOutput: UnsafeMutablePointer<Float>
  /// The gradient with respect to the activated input; nil if nobody asks for it.
  public var dInput: UnsafeMutablePointer<Float>?
  /// The leaf's gradient of the parameters, laid out like the layer's `parameterRange`; nil for a frozen layer.
  public var dParameters: UnsafeMutablePointer<Float>?
}

/// A layer of the tower: it works on the images of one leaf, on memory that it is given, and shares its work out in a
/// team of threads. A pass gives the same bits whatever the team; on return its last phase may still be at work
/// (`TeamMember.wait`).
///
/// Maps are blocked, [image][blocks][height][width][16]; the network's input is planar,
/// [image][channels][height][width], and the tower's output is plain, [image][feature]. A layer says what it has and
/// needs; the rest is as in the extension below.
public protocol TowerLayer: Sendable {
  var name: String { get }
  /// The number of floats of one image's input as it lies in memory.
  var inputCount: Int { get }
  /// The number of floats of one image's output as it lies in memory.
  var outputCount: Int { get }
  /// The place of the layer's parameters in the network's vector; empty for a layer without any.
  var parameterRange: Range<Int> { get }
  /// The extents of the responses of a layer that has parameters, whose statistics are of interest; else nil.
  var responses: BlockedExtents? { get }
  /// The number of floats that `prepare` derives from the small parameters (bias, slopes).
  var preparedCount: Int { get }
  /// The number of floats of the filters as a pass reads them.
  func filterCount(_ use: FilterUse) -> Int
  /// The number of pieces in which `transformFilters` works; they may run at once.
  var filterPieces: Int { get }
  /// The number of floats of scratch that a team's pass over up to `images` images needs.
  func scratchCount(images: Int, members: Int) -> Int
  /// The number of whole numbers of one image that forward keeps for backward.
  var keptCount: Int { get }
  /// The method by which the layer convolves, so that the layer on images of another size reads the same filters; nil
  /// for a layer that does not convolve.
  var method: ConvolutionMethod? { get }

  /// Derives what the passes read besides the filters; `parameters` is the network's whole vector.
  func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>)

  /// Writes a piece of the filters as a pass reads them; `parameters` is the network's whole vector.
  func transformFilters(
    _ parameters: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>)

  /// The slopes that are pending on the layer's output; nil if it is activated already.
  func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>?

  /// Writes the outputs.
  func forward(_ pass: LayerPass)

  /// Writes the gradients; `pass` holds the input and the output of `forward`.
  func backward(_ pass: LayerPass, _ gradients: LayerGradients)

  /// The division of a team's pass over `images` images, without the transform of the filters.
  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan
}

/// A layer without parameters and memory of its own.
extension TowerLayer {
  public var parameterRange: Range<Int> { 0..<0 }
  public var responses: BlockedExtents? { nil }
  public var preparedCount: Int { 0 }
  public func filterCount(_ use: FilterUse) -> Int { 0 }
  public var filterPieces: Int { 0 }
  public func scratchCount(images: Int, members: Int) -> Int { 0 }
  public var keptCount: Int { 0 }
  public var method: ConvolutionMethod? { nil }

  public func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {}
  public func transformFilters(
    _ parameters: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {}
  public func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? { nil }
}
