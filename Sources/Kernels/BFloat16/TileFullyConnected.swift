import CProcessor
import CTiles
import System

/// The products of a fully connected layer on tiles of bfloat16, with float32 sums.
///
/// X and dY lie in units of 32 columns, [unit][group of 32 rows][1024 values], twice: once as a product over columns
/// reads them, once as the product over rows does. Weights are rounded and rearranged a part of the inner extent at a
/// time while they pass through the cache.
public struct TileFullyConnected: LayerProducts {
  public let rows: Int
  public let inputs: Int
  public let outputs: Int
  private let engine: TileEngine

  public init(rows: Int, inputs: Int, outputs: Int, engine: TileEngine = .chosen) {
    precondition(rows >= 0 && inputs >= 1 && outputs >= 1, "\(rows) rows, \(inputs) → \(outputs), in tiles")
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
    self.engine = engine
  }

  private static var width: Int { Tiles.width }
  /// The number of units of weights that are rearranged at a time: half a second-level cache.
  private static var depthUnits: Int { 32 }

  private var inputUnits: Int { inputs.dividedUp(by: Self.width) }
  private var outputUnits: Int { outputs.dividedUp(by: Self.width) }
  private var rowGroups: Int { rows.dividedUp(by: Self.width) }
  /// The number of values of a unit of X or dY in one of its two orders.
  private var unitCount: Int { rowGroups * Tiles.count }

  /// The number of floats of a thread's scratch: packed weights and the sums of some panels, or a tile of sums.
  public var scratchCount: Int {
    packedCount + max(Self.panelsInPiece(of: inputUnits), Self.panelsInPiece(of: outputUnits)) * unitCount
  }
  private var packedCount: Int { Self.depthUnits * Tiles.count / 2 }

  private func pieces(_ panels: Int) -> Int { panels.dividedUp(by: Self.panelsInPiece(of: panels)) }
  public var forwardPieces: Int { pieces(outputUnits) }
  public var inputGradientPieces: Int { pieces(inputUnits) }
  public var weightGradientPieces: Int { outputUnits }

  // MARK: - Operands

  // Either order takes half as many floats as values.
  public var packedInputCount: Int { inputUnits * unitCount }
  public var packedGradientCount: Int { outputUnits * unitCount }
  public var packedInputPieces: Int { inputUnits }
  public var packedGradientPieces: Int { outputUnits }

  public func packInput(_ x: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>) {
    let byColumn = halves(of: packed) + piece * unitCount
    let byRow = halves(of: packed) + (inputUnits + piece) * unitCount
    for group in 0..<rowGroups {
      loadRows(x, columns: inputs, unit: piece, group: group, into: byColumn + group * Tiles.count)
      pairPixels(byColumn + group * Tiles.count, into: byRow + group * Tiles.count)
    }
  }

  public func packGradient(_ dY: UnsafePointer<Float>, piece: Int, into packed: UnsafeMutablePointer<Float>) {
    let byColumn = halves(of: packed) + piece * unitCount
    let byRow = halves(of: packed) + (outputUnits + piece) * unitCount
    for group in 0..<rowGroups {
      loadRows(dY, columns: outputs, unit: piece, group: group, into: byColumn + group * Tiles.count)
      transposePixels(
        byColumn + group * Tiles.count, into: byRow + group * Tiles.count, rowStep: Self.width)
    }
  }

  /// Writes 32 columns of 32 rows, rounded, with zeros where there are none.
  private func loadRows(
    _ matrix: UnsafePointer<Float>, columns: Int, unit: Int, group: Int, into target: UnsafeMutablePointer<UInt16>
  ) {
    for row in 0..<Self.width {
      let number = group * Self.width + row
      loadRow(
        number < rows ? matrix + number * columns : nil, columns: columns, unit: unit,
        into: target + row * Self.width)
    }
  }

  /// Writes the 32 values of a unit of a row, rounded, with zeros where there are none.
  @inline(__always)
  private func loadRow(
    _ row: UnsafePointer<Float>?, columns: Int, unit: Int, into target: UnsafeMutablePointer<UInt16>
  ) {
    let first = unit &* Self.width
    if let row, first &+ Self.width <= columns {
      store(halves(load(row + first)), target)
      store(halves(load(row + first + blockWidth)), target + blockWidth)
      return
    }
    for column in 0..<Self.width {
      guard let row, first + column < columns else {
        target[column] = 0
        continue
      }
      target[column] = UInt16(truncatingIfNeeded: roundedToBFloat16(row[first + column]).bitPattern &>> 16)
    }
  }

  // MARK: - Y = X·Wᵀ + b

  public func forward(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, _ piece: ProductPiece,
    into y: UnsafeMutablePointer<Float>
  ) {
    multiply(halves(of: x), inner: inputUnits, panels: outputUnits, piece) { panel, unit, packed in
      packTransposed(weights, panel: panel, unit: unit, into: packed)
    } use: { panel, row, values in
      let column = panel * Self.width
      let target = y + row * outputs + column
      for lane in 0..<min(Self.width, outputs - column) { target[lane] = values[lane] + bias[column + lane] }
    }
  }

  public func inputGradient(
    _ dY: UnsafePointer<Float>, weights: UnsafePointer<Float>, _ piece: ProductPiece,
    into dX: UnsafeMutablePointer<Float>
  ) {
    multiply(halves(of: dY), inner: outputUnits, panels: inputUnits, piece) { panel, unit, packed in
      packRows(weights, panel: panel, unit: unit, into: packed)
    } use: { panel, row, values in
      let column = panel * Self.width
      (dX + row * inputs + column).update(from: values, count: min(Self.width, inputs - column))
    }
  }

  /// Computes a piece's panels of a product with the weights, which `pack` writes a unit at a time; `use` gets each row
  /// of each panel.
  @inline(__always)
  private func multiply(
    _ a: UnsafePointer<UInt16>, inner: Int, panels: Int, _ piece: ProductPiece,
    pack: (_ panel: Int, _ unit: Int, _ packed: UnsafeMutablePointer<UInt16>) -> Void,
    use: (_ panel: Int, _ row: Int, _ values: UnsafePointer<Float>) -> Void
  ) {
    let first = piece.number * Self.panelsInPiece(of: panels)
    let own = first..<min(first + Self.panelsInPiece(of: panels), panels)
    let packed = halves(of: piece.scratch)
    let sums = piece.scratch + packedCount
    engine.withTiles { tiles in
      for depth in stride(from: 0, to: inner, by: Self.depthUnits) {
        let units = depth..<min(depth + Self.depthUnits, inner)
        for panel in own {
          for unit in units { pack(panel, unit, packed + (unit - depth) * Tiles.count) }
          for group in 0..<rowGroups {
            tiles.multiply(
              tiles_product(
                a: a + depth * unitCount + group * Tiles.count, rowStep: Int64(Self.width), places: nil,
                step: Int64(unitCount), b: packed, steps: Int64(units.count),
                c: sums + ((panel - first) * rowGroups + group) * Tiles.count,
                rows: Int64(min(Self.width, rows - group * Self.width)), accumulates: depth > 0))
          }
        }
      }
    }
    for panel in own {
      for row in 0..<rows { use(panel, row, sums + (panel - first) * unitCount + row * Self.width) }
    }
  }

  /// Writes the weights from a unit of inputs to a panel of outputs, [half of the outputs][pair of inputs][16
  /// outputs][2].
  private func packTransposed(
    _ weights: UnsafePointer<Float>, panel: Int, unit: Int, into packed: UnsafeMutablePointer<UInt16>
  ) {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Tiles.count) { memory in
      let byOutput = memory.baseAddress!
      for lane in 0..<Self.width {
        let output = panel * Self.width + lane
        let row = output < outputs ? weights + output * inputs : nil
        // Each row is a stream of its own, more of them than the processor follows by itself.
        if let row { processor_prefetch(row + (unit + 4) * Self.width) }
        loadRow(row, columns: inputs, unit: unit, into: byOutput + lane * Self.width)
      }
      for half in 0..<2 {
        let from = half * Tiles.count / 2
        transposePairs(byOutput + from, Self.width, packed + from, Self.width)
      }
    }
  }

  /// Writes the weights from a panel of inputs to a unit of outputs, [half of the inputs][pair of outputs][16
  /// inputs][2].
  private func packRows(
    _ weights: UnsafePointer<Float>, panel: Int, unit: Int, into packed: UnsafeMutablePointer<UInt16>
  ) {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Tiles.count) { memory in
      let byOutput = memory.baseAddress!
      for lane in 0..<Self.width {
        let output = unit * Self.width + lane
        let row = output < outputs ? weights + output * inputs : nil
        // Rows lie far apart: the next ones are on their way while this one is rounded.
        if let row { processor_prefetch(row + (8 * inputs + panel * Self.width)) }
        loadRow(row, columns: inputs, unit: panel, into: byOutput + lane * Self.width)
      }
      pairPixels(byOutput, into: packed)
    }
  }

  // MARK: - dW = dYᵀ·X

  /// Computes a piece's rows of dW and gives them to `use`, up to 32 inputs of one output at a time, while they are in
  /// the cache: (output, first input, number of inputs, values).
  @inline(__always)
  private func weightGradient(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece,
    prefetch: (_ output: Int, _ input: Int, _ count: Int) -> Void,
    use: (_ output: Int, _ input: Int, _ count: Int, _ values: UnsafePointer<Float>) -> Void
  ) {
    let a = halves(of: dY) + (outputUnits + piece.number) * unitCount
    let b = halves(of: x) + inputUnits * unitCount
    let first = piece.number * Self.width
    let count = min(Self.width, outputs - first)
    engine.withTiles { tiles in
      for unit in 0..<inputUnits {
        let input = unit * Self.width
        let inputCount = min(Self.width, inputs - input)
        for row in 0..<count { prefetch(first + row, input, inputCount) }
        tiles.multiply(
          tiles_product(
            a: a, rowStep: Int64(Self.width), places: nil, step: Int64(Tiles.count), b: b + unit * unitCount,
            steps: Int64(rowGroups), c: piece.scratch, rows: Int64(count), accumulates: false))
        for row in 0..<count {
          use(first + row, input, inputCount, piece.scratch + row * Self.width)
        }
      }
    }
  }

  public func weightGradient(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece, into dW: UnsafeMutablePointer<Float>
  ) {
    weightGradient(x, dY: dY, piece) { _, _, _ in
      // Nothing else has to be in the cache.
    } use: { output, input, count, values in
      (dW + output * inputs + input).update(from: values, count: count)
    }
  }

  @discardableResult
  public func updateWeights(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece, _ update: WeightUpdate
  ) -> Bool {
    var areFinite = true
    weightGradient(x, dY: dY, piece) { output, input, count in
      update.prefetch(output &* inputs &+ input, count)
    } use: { output, input, count, gradient in
      areFinite = update.apply(output &* inputs &+ input, count, gradient) && areFinite
    }
    return areFinite
  }
}
