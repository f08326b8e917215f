import Kernels

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
  /// Floats that the layer derives from its parameters once for each of their values (packed filters and the like).
  var preparedCount: Int { get }
  /// Floats of scratch that a forward or backward call needs.
  var scratchCount: Int { get }
  /// Whole numbers of one image that forward keeps for backward.
  var keptCount: Int { get }

  /// Derives what `forward` and `backward` read from the parameters; `parameters` is the network's whole vector.
  func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>)

  /// The slopes that are pending on the layer's output; nil where it is activated already.
  func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>?

  /// Writes the outputs of `images` images.
  func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>)

  /// Writes the gradient with respect to the activated input (unless nil), and the leaf's parameter gradient, laid out
  /// like the layer's part of the network's vector.
  ///
  /// - Parameters:
  ///   - output: what forward wrote.
  ///   - dOutput: the gradient with respect to the *activated* output; may be written over.
  func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, output: UnsafePointer<Float>,
    kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>?,
    dParameters: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)
}
