import CProcessor
import System

/// The three products of a fully connected layer with weights W (outputs, inputs) on `rows` rows, in pieces that may
/// run at once: Y = X·Wᵀ + b, dX = dY·W, and dW = dYᵀ·X.
///
/// X and dY come as panels, which stay in the cache while the weights, hundreds of megabytes in the paper's networks,
/// pass through it once. A result's terms are added in an order that depends only on the extents, never on the pieces.
/// `FullyConnectedReference` is the same by its definition.
public struct FullyConnectedProducts: Equatable, Sendable {
  public let rows: Int
  public let inputs: Int
  public let outputs: Int

  public init(rows: Int, inputs: Int, outputs: Int) {
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The input X in panels.
  public var input: RowPanels { RowPanels(rows: rows, columns: inputs) }
  /// The output Y and its gradient dY in panels.
  public var output: RowPanels { RowPanels(rows: rows, columns: outputs) }

  private static var width: Int { PanelProduct.width }
  /// The number of panels of weights that are rearranged at a time: with these rows of X they fill half a second-level
  /// cache.
  private static var depthPanels: Int { 16 }
  /// The number of floats of a row of weights that are fetched ahead of the one that is read.
  private static var fetchedAhead: Int { 8 * blockWidth }
  /// The number of panels of outputs of a block of dW.
  private static var blockOutputs: Int { 4 }
  /// The number of panels of inputs of a block of dW.
  private static var blockInputs: Int { 8 }

  /// The number of floats of scratch that a thread needs for any of the products.
  public var scratchCount: Int {
    let panels = Self.panelsInPiece(of: max(input.panels, output.panels))
    let products = panels * Self.width * (Self.depthPanels * Self.width + rows)
    let block = Self.blockOutputs * Self.blockInputs * Self.width * Self.width
    return max(products, block)
  }

  private func pieces(_ panels: Int) -> Int { panels.dividedUp(by: Self.panelsInPiece(of: panels)) }
  public var forwardPieces: Int { pieces(output.panels) }
  public var inputGradientPieces: Int { pieces(input.panels) }
  public var weightGradientPieces: Int { output.panels.dividedUp(by: Self.blockOutputs) * inputGroups }
  /// The number of parts of the inputs that are pieces of dW of their own.
  private var inputGroups: Int { min(input.panels.dividedUp(by: Self.blockInputs), 4) }

  // MARK: - Y = X·Wᵀ + b

  /// Writes a piece's columns of Y (rows×outputs, row-major).
  public func forward(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, _ piece: ProductPiece,
    into y: UnsafeMutablePointer<Float>
  ) {
    let first = piece.number * Self.panelsInPiece(of: output.panels)
    let panels = min(Self.panelsInPiece(of: output.panels), output.panels - first)
    product(x, inner: input.panels, panels: panels, scratch: piece.scratch) { depth, count, packed in
      for panel in 0..<panels {
        packTransposed(
          weights, output: (first + panel) * Self.width, depth: depth, count: count,
          into: packed + panel * count * Self.width)
      }
    } use: { panel, row, values in
      let column = (first + panel) * Self.width
      let target = y + row * outputs + column
      let used = min(Self.width, outputs - column)
      for lane in 0..<used { target[lane] = values[lane] + bias[column + lane] }
    }
  }

  /// Writes a piece's columns of dX (rows×inputs, row-major).
  public func inputGradient(
    _ dY: UnsafePointer<Float>, weights: UnsafePointer<Float>, _ piece: ProductPiece,
    into dX: UnsafeMutablePointer<Float>
  ) {
    let first = piece.number * Self.panelsInPiece(of: input.panels)
    let panels = min(Self.panelsInPiece(of: input.panels), input.panels - first)
    product(dY, inner: output.panels, panels: panels, scratch: piece.scratch) { depth, count, packed in
      for panel in 0..<panels {
        packRows(
          weights, input: (first + panel) * Self.width, depth: depth, count: count,
          into: packed + panel * count * Self.width)
      }
    } use: { panel, row, values in
      let column = (first + panel) * Self.width
      (dX + row * inputs + column).update(from: values, count: min(Self.width, inputs - column))
    }
  }

  /// Computes A·B for some panels of B, which `pack` writes one part of the inner extent after another; `use` gets each
  /// row of each panel.
  @inline(__always)
  private func product(
    _ a: UnsafePointer<Float>, inner: Int, panels: Int, scratch: UnsafeMutablePointer<Float>,
    pack: (_ depth: Int, _ count: Int, _ packed: UnsafeMutablePointer<Float>) -> Void,
    use: (_ panel: Int, _ row: Int, _ values: UnsafePointer<Float>) -> Void
  ) {
    let sums = scratch + panels * Self.depthPanels * Self.width * Self.width
    var panel = 0
    while panel < inner {
      let count = min(Self.depthPanels, inner - panel)
      pack(panel * Self.width, count * Self.width, scratch)
      let part = a + panel * rows * Self.width
      PanelProduct(
        rows: rows, innerPanels: count, part, scratch, into: sums, nextA: part + count * rows * Self.width,
        accumulates: panel > 0
      ).multiply(0..<rows, panels: 0..<panels)
      panel += count
    }
    for panel in 0..<panels {
      for row in 0..<rows { use(panel, row, sums + (panel * rows + row) * Self.width) }
    }
  }

  /// Writes [input][32 outputs] of `count` inputs from `depth` on and the outputs from `output` on, zero where there
  /// are none.
  private func packTransposed(
    _ weights: UnsafePointer<Float>, output first: Int, depth: Int, count: Int,
    into packed: UnsafeMutablePointer<Float>
  ) {
    let whole = first + Self.width <= outputs
    var k = 0
    while k < count {
      if whole, depth + k + blockWidth <= inputs {
        let corner = weights + first * inputs + depth + k
        // Each row is a stream of its own, more of them than the processor follows by itself.
        for row in 0..<Self.width { processor_prefetch(corner + (row * inputs + Self.fetchedAhead)) }
        transpose16(corner, inputs, packed + k * Self.width, Self.width)
        transpose16(corner + blockWidth * inputs, inputs, packed + k * Self.width + blockWidth, Self.width)
      } else {
        for i in k..<min(k + blockWidth, count) {
          for lane in 0..<Self.width {
            let isWeight = first + lane < outputs && depth + i < inputs
            packed[i * Self.width + lane] = isWeight ? weights[(first + lane) * inputs + depth + i] : 0
          }
        }
      }
      k += blockWidth
    }
  }

  /// Writes [output][32 inputs] of `count` outputs from `depth` on and the inputs from `input` on, zero where there are
  /// none.
  private func packRows(
    _ weights: UnsafePointer<Float>, input first: Int, depth: Int, count: Int, into packed: UnsafeMutablePointer<Float>
  ) {
    let whole = first + Self.width <= inputs
    for k in 0..<count {
      let target = packed + k * Self.width
      guard depth + k < outputs else {
        store(.zero, target)
        store(.zero, target + blockWidth)
        continue
      }
      let from = weights + (depth + k) * inputs + first
      // Rows lie far apart: the next ones are on their way while this one is copied.
      processor_prefetch(from + 8 * inputs)
      processor_prefetch(from + 8 * inputs + blockWidth)
      if whole {
        store(load(from), target)
        store(load(from + blockWidth), target + blockWidth)
      } else {
        for lane in 0..<Self.width { target[lane] = first + lane < inputs ? from[lane] : 0 }
      }
    }
  }

  // MARK: - dW = dYᵀ·X

  /// Computes a piece's part of dW block by block and gives them to `use`, up to 32 inputs of one output at a time,
  /// while they are in the cache: (output, first input, number of inputs, values).
  @inline(__always)
  private func weightGradient(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece,
    prefetch: (_ output: Int, _ input: Int, _ count: Int) -> Void,
    use: (_ output: Int, _ input: Int, _ count: Int, _ values: UnsafePointer<Float>) -> Void
  ) {
    let scratch = piece.scratch
    let (block, group) = piece.number.quotientAndRemainder(dividingBy: inputGroups)
    let first = block * Self.blockOutputs
    let outputPanels = min(Self.blockOutputs, output.panels - first)
    let outputStart = first * Self.width
    let outputCount = min(outputPanels * Self.width, outputs - outputStart)
    let a = dY + first * rows * Self.width
    let inputBlocks = input.panels.dividedUp(by: Self.blockInputs)
    var panel = group * inputBlocks / inputGroups * Self.blockInputs
    let end = min((group + 1) * inputBlocks / inputGroups * Self.blockInputs, input.panels)
    while panel < end {
      let count = min(Self.blockInputs, end - panel)
      let inputStart = panel * Self.width
      let inputCount = min(count * Self.width, inputs - inputStart)
      for o in 0..<outputCount { prefetch(outputStart + o, inputStart, inputCount) }
      PanelProduct(
        rows: rows, innerPanels: outputPanels, a, x + panel * rows * Self.width, into: scratch, nextA: a
      ).multiplyTransposed(0..<rows, stripes: 0..<outputPanels * PanelProduct.stripesInPanel, outer: 0..<count)
      for o in 0..<outputCount {
        for p in 0..<count {
          let start = inputStart + p * Self.width
          use(
            outputStart + o, start, min(Self.width, inputs - start),
            scratch + (p * outputPanels * Self.width + o) * Self.width)
        }
      }
      panel += count
    }
  }

  /// Writes a piece's part of dW (outputs×inputs, row-major).
  public func weightGradient(
    _ x: UnsafePointer<Float>, dY: UnsafePointer<Float>, _ piece: ProductPiece, into dW: UnsafeMutablePointer<Float>
  ) {
    weightGradient(x, dY: dY, piece) { _, _, _ in
      // Nothing else has to be in the cache.
    } use: { output, input, count, values in
      (dW + output * inputs + input).update(from: values, count: count)
    }
  }

  /// Applies the momentum update to a piece's weights while their gradient is in the cache: weights and momentum pass
  /// through memory once, and the gradient never does. The bits are those of `weightGradient` followed by
  /// `momentumUpdate`, and so is the result.
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
