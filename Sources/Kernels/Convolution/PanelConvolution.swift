import System

/// The algorithm `panels`: convolution by its definition as products of panels, for any filter, stride and padding.
///
/// Forward, what the output's pixels see of the input is multiplied with the filters. The input gradient of stride s is
/// s² such products with the output's gradient, one for each residue of the input's row and column: only the taps that
/// meet the residue count, so that nothing is multiplied by the zeros between spread gradients. The filters' gradient
/// is the product of the transposed rows of patches with the output's gradient, a panel of rows at a time, so that no
/// sum leaves the cache while its terms go by.
///
/// Parts of maps are copied by the member that multiplies them, into memory of its own. A sum over pixels is cut into
/// bands by the shape, a sum under the filter into chunks: no bit depends on the team.
struct PanelConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  /// The output's pixels over the input.
  let outputs: GridProduct
  /// The input's pixels over the output's gradient.
  let residues: [Residue]
  /// The precision of the filters.
  let filterPrecision: Precision

  /// The input's pixels whose row and column leave the same remainders on division by the stride.
  struct Residue: Sendable {
    /// The first of them.
    let row: Int
    let column: Int
    let product: GridProduct
    /// The place of the filters among those of all residues.
    let filtersStart: Int
    /// The row and column under the filter of the grid's first tap; the next ones lie a stride before it.
    let tapRow: Int
    let tapColumn: Int
  }

  init(_ shape: ConvolutionShape, filters: Precision = .float32) {
    let shape = Self.flattened(shape)
    self.shape = shape
    filterPrecision = filters
    outputs = GridProduct(
      PatchGrid(
        source: shape.input, rows: shape.outputHeight, columns: shape.outputWidth, step: shape.stride,
        tapRows: shape.kernel, tapColumns: shape.kernel, firstRow: -shape.padding, firstColumn: -shape.padding),
      outputs: shape.output)
    residues = Self.residues(shape)
  }

  /// The number of pixels of a map up to which one row of them all has better tiles.
  private static var fewPixels: Int { 256 }

  /// The same convolution on maps of one row, if no pixel sees another and there are few.
  private static func flattened(_ shape: ConvolutionShape) -> ConvolutionShape {
    guard shape.kernel == 1, shape.stride == 1, shape.padding == 0, shape.height * shape.width <= fewPixels else {
      return shape
    }
    return ConvolutionShape(
      Extents(channels: shape.channels, height: 1, width: shape.height * shape.width), filters: shape.filters,
      kernel: 1, stride: 1, padding: 0)
  }

  /// Input row y meets tap r of output row q − t where y + padding = stride·q + a and r = a + stride·t, 0 ≤ a < stride.
  private static func residues(_ shape: ConvolutionShape) -> [Residue] {
    /// The taps t that there are, the first q, and a.
    func taps(_ first: Int) -> (count: Int, output: Int, remainder: Int) {
      let (output, remainder) = (first + shape.padding).quotientAndRemainder(dividingBy: shape.stride)
      return (max(0, shape.kernel - remainder).dividedUp(by: shape.stride), output, remainder)
    }
    var residues: [Residue] = []
    var filtersStart = 0
    for row in 0..<min(shape.stride, shape.height) {
      for column in 0..<min(shape.stride, shape.width) {
        let (vertical, horizontal) = (taps(row), taps(column))
        let product = GridProduct(
          PatchGrid(
            source: shape.output, rows: (shape.height - row).dividedUp(by: shape.stride),
            columns: (shape.width - column).dividedUp(by: shape.stride), step: 1, tapRows: vertical.count,
            tapColumns: horizontal.count, firstRow: vertical.output - vertical.count + 1,
            firstColumn: horizontal.output - horizontal.count + 1), outputs: shape.input)
        residues.append(
          Residue(
            row: row, column: column, product: product, filtersStart: filtersStart,
            tapRow: vertical.remainder + shape.stride * (vertical.count - 1),
            tapColumn: horizontal.remainder + shape.stride * (horizontal.count - 1)))
        filtersStart += product.filters.count
      }
    }
    return residues
  }

  var inputCount: Int { shape.input.count }
  var grid: PatchGrid { outputs.grid }
  var filterPanels: Int { outputs.panels }
  private var inputPanels: Int { shape.input.blocks.dividedUp(by: 2) }

  // MARK: - Filters

  func filterCount(_ use: FilterUse) -> Int {
    use == .forward ? outputs.filters.count : residues.reduce(0) { $0 + $1.product.filters.count }
  }

  /// The number of pairs of a panel of outputs and a block of inputs, of either pass.
  var filterPieces: Int { max(filterPanels * shape.input.blocks, inputPanels * shape.output.blocks) }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    let inner = use == .forward ? shape.input.blocks : shape.output.blocks
    let (panel, innerBlock) = piece.quotientAndRemainder(dividingBy: inner)
    guard panel < (use == .forward ? filterPanels : inputPanels) else { return }
    let blocks = FilterBlocks(shape, precision: filterPrecision)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks.count) { memory in
      let block = memory.baseAddress!
      for half in 0..<2 {
        switch use {
        case .forward:
          blocks.load(weights, 2 * panel + half, innerBlock, into: block)
          let target = filters + outputs.filters.place(block: innerBlock, outerPanel: panel) + half * blockWidth
          for tap in 0..<blocks.taps {
            for channel in 0..<blockWidth {
              store(
                load(block + (channel &* blocks.taps &+ tap) &* blockWidth),
                target + (tap &* blockWidth &+ channel) &* PanelProduct.width)
            }
          }
        case .backward:
          blocks.load(weights, innerBlock, 2 * panel + half, into: block)
          for residue in residues {
            let own = residue.product.filters.place(block: innerBlock, outerPanel: panel) + half * blockWidth
            deal(block, to: residue, filters + residue.filtersStart + own)
          }
        }
      }
    }
  }

  /// Writes the taps of a block that a residue meets, turned, with filters for the inputs of its product.
  private func deal(
    _ block: UnsafePointer<Float>, to residue: Residue, _ filters: UnsafeMutablePointer<Float>
  ) {
    let grid = residue.product.grid
    let taps = shape.kernel * shape.kernel
    for r in 0..<grid.tapRows {
      for s in 0..<grid.tapColumns {
        let tap = (residue.tapRow - r * shape.stride) * shape.kernel + residue.tapColumn - s * shape.stride
        transpose16(
          block + tap * blockWidth, taps * blockWidth,
          filters + (r * grid.tapColumns + s) * PanelFilters.unit, PanelProduct.width)
      }
    }
  }
}
