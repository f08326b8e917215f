import System

/// The patches of a blocked map under a filter as rows of a matrix, one row for each pixel of a grid.
///
/// Pixel (i, j) of the grid sees the map's pixels (i·step + firstRow + r, j·step + firstColumn + s) for the taps (r, s)
/// of the filter. A row holds a unit of 16 channels for each tap and block, in the order (r, s, block). Rows lie in
/// panels of two units, [panel][pixel][32], with zeros for what lies outside the map and behind the last unit.
struct PatchGrid: Sendable {
  /// The map.
  let source: BlockedExtents
  /// The grid.
  let rows: Int
  let columns: Int
  /// The distance on the map of two neighbors of the grid.
  let step: Int
  /// The taps of the filter.
  let tapRows: Int
  let tapColumns: Int
  /// The row and column on the map of the first tap for the first pixel; negative in the padding.
  let firstRow: Int
  let firstColumn: Int

  /// The number of pixels of the grid.
  var pixels: Int { rows * columns }
  /// The number of units of a row.
  var units: Int { tapRows * tapColumns * source.blocks }
  /// The number of panels of a row.
  var panels: Int { units.dividedUp(by: 2) }

  /// The rows of the grid that see rows of the map by the taps of a panel; all of them if none does.
  func seenRows(_ panel: Int) -> Range<Int> {
    let first = 2 &* panel / source.blocks / tapColumns
    let last = min(2 &* panel &+ 1, units &- 1) / source.blocks / tapColumns
    // Tap row r meets the map where 0 ≤ i·step + firstRow + r < height.
    let low = max(0, -(firstRow &+ last)).dividedUp(by: step)
    let high = max(0, source.height &- firstRow &- first).dividedUp(by: step)
    return low < min(high, rows) ? low..<min(high, rows) : 0..<rows
  }

  /// Writes a panel of the rows `band`, which are counted through the images that begin with `map`; its pending
  /// activation is applied on the way.
  func write(_ panel: Int, _ band: Range<Int>, of map: PendingMap, into target: UnsafeMutablePointer<Float>) {
    write(unit: 2 &* panel, band, of: map, into: target)
    write(unit: 2 &* panel &+ 1, band, of: map, into: target + blockWidth)
  }

  private func write(
    unit: Int, _ band: Range<Int>, of map: PendingMap, into target: UnsafeMutablePointer<Float>
  ) {
    guard unit < units else { return clear(band.count, target) }
    let (tap, block) = unit.quotientAndRemainder(dividingBy: source.blocks)
    let (r, s) = tap.quotientAndRemainder(dividingBy: tapColumns)
    let (top, left) = (firstRow &+ r, firstColumn &+ s)
    // The columns of the grid that see this tap inside the map.
    let low = left < 0 ? (-left).dividedUp(by: step) : 0
    let inside = low..<(left < source.width ? max(low, (source.width - left).dividedUp(by: step)) : low)
    let slopes = map.slopes.map { load($0 + block &* blockWidth) }
    let (image, pixel) = band.lowerBound.quotientAndRemainder(dividingBy: pixels)
    var plane = map.values + (image &* source.count &+ block &* source.planeCount)
    var (row, column) = pixel.quotientAndRemainder(dividingBy: columns)
    var to = target
    var rest = band.count
    while rest > 0 {
      let end = min(columns, column &+ rest)
      let y = row &* step &+ top
      if y < 0 || y >= source.height {
        clear(end &- column, to)
      } else {
        let seen = inside.clamped(to: column..<end)
        clear(seen.lowerBound &- column, to)
        copy(
          seen.count, plane + (y &* source.width &+ seen.lowerBound &* step &+ left) &* blockWidth, slopes,
          to + (seen.lowerBound &- column) &* PanelProduct.width)
        clear(end &- seen.upperBound, to + (seen.upperBound &- column) &* PanelProduct.width)
      }
      to += (end &- column) &* PanelProduct.width
      rest &-= end &- column
      (row, column) = (row &+ 1, 0)
      if row == rows {
        row = 0
        plane += source.count
      }
    }
  }

  @inline(__always)
  private func copy(
    _ count: Int, _ from: UnsafePointer<Float>, _ slopes: Vector?, _ to: UnsafeMutablePointer<Float>
  ) {
    let stride = step &* blockWidth
    var pixel = 0
    if let a = slopes {
      while pixel < count {
        store(activated(load(from + pixel &* stride), slope: a), to + pixel &* PanelProduct.width)
        pixel &+= 1
      }
    } else {
      while pixel < count {
        store(load(from + pixel &* stride), to + pixel &* PanelProduct.width)
        pixel &+= 1
      }
    }
  }

  @inline(__always)
  private func clear(_ count: Int, _ to: UnsafeMutablePointer<Float>) {
    var pixel = 0
    while pixel < count {
      store(.zero, to + pixel &* PanelProduct.width)
      pixel &+= 1
    }
  }
}
