import CProcessor
import CTiles
import Synchronization

/// The ways to multiply 32×32 tiles of bfloat16 with float32 sums.
///
/// They differ in how sums are rounded, and in numbers too small for a normal float, which instructions for bfloat16
/// take for zeros: the same run on processors with different engines agrees to rounding.
public enum TileEngine: CaseIterable, Sendable {
  /// The processor's matrix tiles (AMX).
  case matrixTiles
  /// The processor's dot products of pairs (VDPBF16PS).
  case dotProducts
  /// Float32 products of the rounded operands, on every processor.
  case floatProducts
  /// The matrix tiles' instructions in plain code, to test what is built on them.
  case emulatedTiles

  /// The fastest that the running processor has, and that a program of this level may use: the instructions for
  /// bfloat16 came after those of level v4, and a program of v3 behaves alike on all processors.
  public static let best: TileEngine =
    ProcessorLevel.compiledFor < .v4
    ? .floatProducts : matrixTiles.runsHere ? .matrixTiles : dotProducts.runsHere ? .dotProducts : .floatProducts

  /// The engine that products in bfloat16 use: the best one, unless the ranks have agreed on a slower one.
  public static var chosen: TileEngine { bySpeed[agreed.load(ordering: .relaxed)] }

  /// The place of this engine among those that products can use, the slowest first.
  public var place: Int { Self.bySpeed.firstIndex(of: self) ?? 0 }

  /// Has all products use the slowest of the engines that the ranks have, so that a result does not depend on the rank
  /// that computes it. It is called before the first product.
  ///
  /// - Parameter places: the `place` of every rank's best engine.
  public static func agree(onLowestOf places: [Int]) {
    agreed.store(max(0, min(places.min() ?? best.place, best.place)), ordering: .relaxed)
  }

  private static let bySpeed: [TileEngine] = [.floatProducts, .dotProducts, .matrixTiles]
  private static let agreed = Atomic(best.place)

  /// Whether the running processor has the instructions, and the system lets the process use them.
  public var runsHere: Bool {
    switch self {
    case .matrixTiles: Self.hasMatrixTiles
    case .dotProducts: InstructionSets.ofProcessor.isSuperset(of: [.avx512bw, .avx512vl, .avx512bf16])
    case .floatProducts, .emulatedTiles: true
    }
  }

  /// The system is asked once.
  private static let hasMatrixTiles =
    InstructionSets.ofProcessor.isSuperset(of: [.amxTile, .amxBF16]) && tiles_request()

  /// The name in a banner and in `inspect --algorithms`.
  public var name: String {
    switch self {
    case .matrixTiles: "AMX"
    case .dotProducts: "AVX512-BF16"
    case .floatProducts: "float32 products"
    case .emulatedTiles: "emulated AMX"
    }
  }

  /// The rate of products, float32's being 1: nominal, so that one kind of processor always chooses the same. Dot
  /// products do twice as many in the same time, but reach less of that than float32 products reach of theirs.
  var rate: Double {
    switch self {
    case .matrixTiles, .emulatedTiles: 15
    case .dotProducts: 1.75
    case .floatProducts: 1
    }
  }

  /// The way in which a network's products are computed, for a banner.
  public var summary: String {
    switch self {
    case .matrixTiles, .emulatedTiles: "by matrix tiles (\(name))"
    case .dotProducts:
      "by dot products (\(name)), but convolutions by Winograd's float32 algorithms where these are faster"
    case .floatProducts: "by float32 products, as the processor has no faster ones: float32 is as fast"
    }
  }

  /// Calls `body` with the calling thread's tiles.
  @inline(__always)
  func withTiles(_ body: (_ tiles: Tiles) -> Void) {
    switch self {
    case .dotProducts, .floatProducts: body(Tiles(self, nil))
    case .matrixTiles:
      withUnsafeTemporaryAllocation(of: tiles_state.self, capacity: 1) { state in
        tiles_processor_begin(state.baseAddress!)
        body(Tiles(self, state.baseAddress))
        tiles_processor_end(state.baseAddress!)
      }
    case .emulatedTiles:
      withUnsafeTemporaryAllocation(of: tiles_state.self, capacity: 1) { state in
        tiles_emulated_begin(state.baseAddress!)
        body(Tiles(self, state.baseAddress))
        tiles_emulated_end(state.baseAddress!)
      }
    }
  }
}

/// The tiles of a thread.
struct Tiles {
  /// The rows and the columns of a product's sums, and the inner places of a step.
  static let width = 32
  /// The number of values of an operand in a step.
  static let count = width * width

  private let engine: TileEngine
  private let state: UnsafeMutablePointer<tiles_state>?

  fileprivate init(_ engine: TileEngine, _ state: UnsafeMutablePointer<tiles_state>?) {
    self.engine = engine
    self.state = state
  }

  /// Computes a product of tiles.
  @inline(__always)
  func multiply(_ product: tiles_product) {
    withUnsafePointer(to: product) { product in
      switch engine {
      case .matrixTiles: tiles_processor_multiply(state!, product)
      case .dotProducts: tiles_vectors_multiply(product)
      case .floatProducts: tiles_floats_multiply(product)
      case .emulatedTiles: tiles_emulated_multiply(state!, product)
      }
    }
  }
}
