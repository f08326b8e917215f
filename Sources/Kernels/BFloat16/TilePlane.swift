import System

/// The pixels of a blocked map under a grid as rows of bfloat16, 32 channels a pixel: an operand of tile products.
///
/// Pixel (i, j) of the grid is the map's pixel (i·step + firstRow, j·step + firstColumn), or zeros outside the map. The
/// grid's pixels are counted row by row; behind its last row are zeros. The tap (r, c) of a filter is then an offset of
/// r·columns + c pixels, so that one plane serves all taps.
struct TilePlane: Sendable {
  /// The map.
  let source: BlockedExtents
  /// The extents of the grid.
  let rows: Int
  let columns: Int
  /// The distance on the map of two neighbors of the grid.
  let step: Int
  /// The place on the map of the grid's first pixel; negative in the padding.
  let firstRow: Int
  let firstColumn: Int

  /// Writes unit `unit` of 32 channels of the pixels `range`, [pixel][32]; the map's pending activation is applied on
  /// the way, and the result rounded.
  func write(unit: Int, _ range: Range<Int>, of map: PendingMap, into target: UnsafeMutablePointer<UInt16>) {
    write(block: 2 &* unit, range, of: map, into: target)
    write(block: 2 &* unit &+ 1, range, of: map, into: target + blockWidth)
  }

  private func write(
    block: Int, _ range: Range<Int>, of map: PendingMap, into target: UnsafeMutablePointer<UInt16>
  ) {
    guard block < source.blocks else { return clear(range.count, target) }
    // The columns of the grid that lie on the map.
    let low = firstColumn < 0 ? (-firstColumn).dividedUp(by: step) : 0
    let high = firstColumn < source.width ? (source.width - firstColumn).dividedUp(by: step) : 0
    let inside = low..<max(low, high)
    let slopes = map.slopes.map { load($0 + block &* blockWidth) }
    let plane = map.values + block &* source.planeCount
    var (row, column) = range.lowerBound.quotientAndRemainder(dividingBy: columns)
    var to = target
    var rest = range.count
    while rest > 0 {
      let end = min(columns, column &+ rest)
      let y = row &* step &+ firstRow
      if row >= rows || y < 0 || y >= source.height {
        clear(end &- column, to)
      } else {
        let seen = inside.clamped(to: column..<end)
        clear(seen.lowerBound &- column, to)
        copy(
          seen.count, plane + (y &* source.width &+ seen.lowerBound &* step &+ firstColumn) &* blockWidth, slopes,
          to + (seen.lowerBound &- column) &* Tiles.width)
        clear(end &- seen.upperBound, to + (seen.upperBound &- column) &* Tiles.width)
      }
      to += (end &- column) &* Tiles.width
      rest &-= end &- column
      (row, column) = (row &+ 1, 0)
    }
  }

  @inline(__always)
  private func copy(
    _ count: Int, _ from: UnsafePointer<Float>, _ slopes: Vector?, _ to: UnsafeMutablePointer<UInt16>
  ) {
    let stride = step &* blockWidth
    var pixel = 0
    if let a = slopes {
      while pixel < count {
        store(halves(activated(load(from + pixel &* stride), slope: a)), to + pixel &* Tiles.width)
        pixel &+= 1
      }
    } else {
      while pixel < count {
        store(halves(load(from + pixel &* stride)), to + pixel &* Tiles.width)
        pixel &+= 1
      }
    }
  }

  @inline(__always)
  private func clear(_ count: Int, _ to: UnsafeMutablePointer<UInt16>) {
    var pixel = 0
    while pixel < count {
      store(Halves.zero, to + pixel &* Tiles.width)
      pixel &+= 1
    }
  }
}

/// Writes 32 pixels of 32 channels, [pixel][32], as pairs of pixels, [half of the channels][pair][16][2]: the operand
/// of a product that sums over pixels, on its right.
@inline(__always)
func pairPixels(_ pixels: UnsafePointer<UInt16>, into target: UnsafeMutablePointer<UInt16>) {
  for half in 0..<2 {
    var pair = 0
    while pair < Tiles.width / 2 {
      let from = pixels + (2 &* pair &* Tiles.width &+ half &* blockWidth)
      store(pairs(load(from), load(from + Tiles.width)), target + (half &* Tiles.count / 2 &+ pair &* Tiles.width))
      pair &+= 1
    }
  }
}

/// Writes 32 pixels of 32 channels, [pixel][32], as rows of channels that lie `rowStep` apart: the operand of a product
/// that sums over pixels, on its left.
@inline(__always)
func transposePixels(
  _ pixels: UnsafePointer<UInt16>, into target: UnsafeMutablePointer<UInt16>, rowStep: Int
) {
  withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Tiles.count) { memory in
    let paired = memory.baseAddress!
    pairPixels(pixels, into: paired)
    for half in 0..<2 {
      transposePairs(
        paired + half &* Tiles.count / 2, Tiles.width, target + half &* blockWidth &* rowStep, rowStep)
    }
  }
}
