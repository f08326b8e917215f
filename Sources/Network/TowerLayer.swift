import Kernels

/// A layer of the tower: works on the images of one leaf, image by image, on memory that it is given.
///
/// Maps are blocked, [image][blocks][height][width][16]; the network's input is planar, [image][channels][height][width],
/// and the tower's output is plain, [image][feature].
public protocol TowerLayer: Sendable {
  var name: String { get }
  /// Floats of one image's input as it lies in memory.
  var inputCount: Int { get }
  /// Floats of one image's output as it lies in memory.
  var outputCount: Int { get }
  /// Where the layer's parameters lie in the network's vector; empty for a layer without any.
  var parameterRange: Range<Int> { get }
  /// Floats that the layer derives from its small parameters (bias, slopes) once for each of their values.
  var preparedCount: Int { get }
  /// Floats of the filters as a pass reads them.
  func filterCount(_ use: FilterUse) -> Int
  /// Pieces in which `transformFilters` works, which may run at once.
  var filterPieces: Int { get }
  /// Floats of scratch that a forward or backward call over up to `images` images needs.
  func scratchCount(images: Int) -> Int
  /// Whole numbers of one image that forward keeps for backward.
  var keptCount: Int { get }

  /// Writes a piece of the filters as a pass reads them; `parameters` is the network's whole vector.
  func transformFilters(
    _ parameters: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>)

  /// Derives what `forward` and `backward` read beside the filters; `parameters` is the network's whole vector.
  func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>)

  /// The slopes that are pending on the layer's output; nil where it is activated already.
  func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>?

  /// Writes the outputs of `images` images.
  func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>)

  /// Writes the gradient with respect to the activated input (unless nil), and the leaf's parameter gradient, laid out
  /// like the layer's part of the network's vector.
  ///
  /// - Parameters:
  ///   - output: what forward wrote.
  ///   - dOutput: the gradient with respect to the *activated* output; may be written over.
  func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafePointer<Float>, kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>,
    dInput: UnsafeMutablePointer<Float>?,
    dParameters: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)
}

/// Layers without filters.
extension TowerLayer {
  public func filterCount(_ use: FilterUse) -> Int { 0 }
  public var filterPieces: Int { 0 }
  public func transformFilters(
    _ parameters: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {}
}
