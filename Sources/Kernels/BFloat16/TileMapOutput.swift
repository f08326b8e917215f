import System

/// The way of a tile's sums to a blocked map.
struct TileMapOutput {
  let extents: BlockedExtents
  /// The number of columns that mean something, and the number that are counted.
  let columns: Int
  let columnsInMemory: Int
  /// The distance on the map of two pixels, and the place of the first one.
  let step: Int
  let firstRow: Int
  let firstColumn: Int

  /// Stores the sums of the pixels `pixels`, [pixel][32], of a panel of 32 channels; adds a bias if there is one.
  func store(
    _ tile: UnsafePointer<Float>, _ pixels: Range<Int>, panel: Int, bias: UnsafePointer<Float>?,
    into map: UnsafeMutablePointer<Float>
  ) {
    for half in 0..<2 where 2 * panel + half < extents.blocks {
      let block = 2 * panel + half
      let added = bias.map { load($0 + block * blockWidth) } ?? .zero
      let plane = map + block * extents.planeCount
      var (row, column) = pixels.lowerBound.quotientAndRemainder(dividingBy: columnsInMemory)
      var from = tile + half * blockWidth
      for _ in pixels {
        if column < columns {
          let place = (row &* step &+ firstRow) &* extents.width &+ column &* step &+ firstColumn
          Kernels.store(load(from) + added, plane + place &* blockWidth)
        }
        from += Tiles.width
        column &+= 1
        if column == columnsInMemory { (row, column) = (row &+ 1, 0) }
      }
    }
  }
}
