import System

/// The output's gradient of a convolution as a plane of bfloat16, from which tile products compute the gradient of its
/// input.
///
/// The gradient at the input's pixels whose row and column leave the same remainders on division by the stride is a
/// convolution of stride 1 over the output's gradient with those taps that meet the remainders: nothing is multiplied
/// by zeros between spread pixels.
struct TileGradient: Sendable {
  /// The input's pixels of the same remainders.
  struct Residue: Sendable {
    /// The place of the first of them.
    let row: Int
    let column: Int
    /// The number of rows and columns of them.
    let rows: Int
    let columns: Int
    /// The place on the plane of what the first tap of the first pixel sees, in values.
    let start: Int
    /// The number of pixels of the plane from the first to the last.
    let pixels: Int
    /// The places of the steps of a product over units and taps, in values.
    let places: [Int64]
    let filters: TileFilters
    /// The place of the filters among those of all residues, in values.
    let filtersStart: Int
  }

  /// The output's gradient with the zeros around it that the taps see.
  let plane: TilePlane
  let units: Int
  let residues: [Residue]
  /// The number of pixels of the plane in memory: those that the taps of whole tiles of pixels reach.
  let planePixels: Int

  /// The taps that meet input rows, or columns, of one remainder. Input row y meets tap r of output row q − t where
  /// y + padding = stride·q + a and r = a + stride·t, 0 ≤ a < stride.
  private struct Line {
    /// The first input row.
    let place: Int
    /// The number of input rows.
    let count: Int
    /// The taps under the filter, from the one that sees the first output row on.
    let taps: [Int]
    /// The output row that the first tap of the first input row sees.
    let first: Int

    init(_ place: Int, extent: Int, _ shape: ConvolutionShape) {
      self.place = place
      count = (extent - place).dividedUp(by: shape.stride)
      let (output, remainder) = (place + shape.padding).quotientAndRemainder(dividingBy: shape.stride)
      let taps = max(0, shape.kernel - remainder).dividedUp(by: shape.stride)
      self.taps = (0..<taps).map { remainder + shape.stride * (taps - 1 - $0) }
      first = output - taps + 1
    }

    /// The lines of all remainders, the zeros before the output and the extent of the plane that they see.
    static func all(extent: Int, _ shape: ConvolutionShape) -> (lines: [Line], before: Int, extent: Int) {
      let lines = (0..<min(shape.stride, extent)).map { Line($0, extent: extent, shape) }
      let before = max(0, -(lines.map(\.first).min() ?? 0))
      return (lines, before, lines.map { before + $0.first + $0.count + max($0.taps.count, 1) - 1 }.max() ?? 1)
    }
  }

  init(_ shape: ConvolutionShape) {
    let (rows, above, height) = Line.all(extent: shape.height, shape)
    let (columns, left, width) = Line.all(extent: shape.width, shape)
    let units = shape.output.blocks.dividedUp(by: 2)
    plane = TilePlane(
      source: shape.output, rows: height, columns: width, step: 1, firstRow: -above, firstColumn: -left)
    self.units = units
    /// The pixels that the taps see beyond those of whole tiles from a start on.
    func end(_ row: Line, _ column: Line) -> Int {
      let start = (above + row.first) * width + left + column.first
      let pixels = (row.count - 1) * width + column.count
      return start + pixels.dividedUp(by: Tiles.width) * Tiles.width + max(row.taps.count - 1, 0) * width
        + max(column.taps.count - 1, 0)
    }
    let planePixels = rows.flatMap { row in columns.map { end(row, $0) } }.max()!
    self.planePixels = planePixels
    let taps = shape.kernel * shape.kernel
    var residues: [Residue] = []
    var filtersStart = 0
    for row in rows {
      for column in columns {
        let places = (0..<units).flatMap { unit in
          row.taps.indices.flatMap { r in
            column.taps.indices.map { c in Int64((unit * planePixels + r * width + c) * Tiles.width) }
          }
        }
        let filters = TileFilters(
          outer: (shape.channels, taps), inner: (shape.filters, shape.channels * taps),
          taps: row.taps.flatMap { r in column.taps.map { r * shape.kernel + $0 } })
        residues.append(
          Residue(
            row: row.place, column: column.place, rows: row.count, columns: column.count,
            start: ((above + row.first) * width + left + column.first) * Tiles.width,
            pixels: (row.count - 1) * width + column.count, places: places, filters: filters,
            filtersStart: filtersStart))
        filtersStart += filters.count
      }
    }
    self.residues = residues
  }

  /// The number of values of an image's planes.
  var rowCount: Int { units * planePixels * Tiles.width }
  /// The number of values of the filters of all residues.
  var filterCount: Int { residues.reduce(0) { $0 + $1.filters.count } }
}
