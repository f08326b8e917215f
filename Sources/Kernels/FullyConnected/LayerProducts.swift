/// A piece of a product, with the calling thread's own memory.
public struct ProductPiece {
  /// The piece's number, from 0 on.
  public var number: Int
  /// The memory, `LayerProducts.scratchCount` floats.
  public var scratch: UnsafeMutablePointer<Float>

  public init(_ number: Int, scratch: UnsafeMutablePointer<Float>) {
    self.number = number
    self.scratch = scratch
  }
}

/// The three products of a fully connected layer with weights W (outputs, inputs) on `rows` rows, in pieces that may
/// run at once: Y = X·Wᵀ + b, dX = dY·W, and dW = dYᵀ·X.
///
/// A result's terms are added in an order that depends only on the extents, never on the pieces.
public protocol LayerProducts: Sendable {
  /// The number of floats of X, and of dY, as the products read them.
  var packedInputCount: Int { get }
  var packedGradientCount: Int { get }
  /// The number of pieces of `packInput`, and of `packGradient`.
  var packedInputPieces: Int { get }
  var packedGradientPieces: Int { get }
  /// Writes a piece of X (rows×inputs, row-major) as the products read it.
  func packInput(_ x: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>)
  /// Writes a piece of dY (rows×outputs, row-major) as the products read it.
  func packGradient(_ dY: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>)

  /// The number of floats of scratch that a thread needs for any of the products.
  var scratchCount: Int { get }
  var forwardPieces: Int { get }
  var inputGradientPieces: Int { get }
  var weightGradientPieces: Int { get }

  /// Writes a piece's columns of Y (rows×outputs, row-major).
  func forward(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, _ piece: ProductPiece,
    into y: UnsafeMutablePointer<Float>)
  /// Writes a piece's columns of dX (rows×inputs, row-major).
  func inputGradient(
    _ dY: UnsafePointer<Float>, weights: UnsafePointer<Float>, _ piece: ProductPiece,
    into dX: UnsafeMutablePointer<Float>)
  /// Writes a piece's part of dW (outputs×inputs, row-major).
  func weightGradient(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece, into dW: UnsafeMutablePointer<Float>)
  /// Applies the momentum update to a piece's weights while their gradient is in the cache. The bits are those of
  /// `weightGradient` followed by `momentumUpdate`, and so is the result.
  @discardableResult
  func updateWeights(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece, _ update: WeightUpdate
  ) -> Bool
}

extension LayerProducts {
  /// The number of panels of results that a piece of `forward` and `inputGradient` computes if there are `panels` in
  /// all: one alone makes more passes over X and takes 7 % longer, while four leave the 4096 outputs of the paper's
  /// layers in fewer pieces than a node has cores.
  static func panelsInPiece(of panels: Int) -> Int { panels >= 64 ? 2 : 1 }
}

extension Precision {
  /// Returns the products of a fully connected layer in this precision.
  public func products(rows: Int, inputs: Int, outputs: Int) -> any LayerProducts {
    switch self {
    case .float32: FullyConnectedProducts(rows: rows, inputs: inputs, outputs: outputs)
    case .bfloat16: TileFullyConnected(rows: rows, inputs: inputs, outputs: outputs)
    }
  }
}

extension FullyConnectedProducts: LayerProducts {
  public var packedInputCount: Int { input.count }
  public var packedGradientCount: Int { output.count }
  public var packedInputPieces: Int { input.pieces }
  public var packedGradientPieces: Int { output.pieces }

  public func packInput(_ x: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>) {
    input.pack(x, piece: piece, into: packed)
  }

  public func packGradient(_ dY: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>) {
    output.pack(dY, piece: piece, into: packed)
  }
}
