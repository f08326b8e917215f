import System

/// The inner loops of `PanelConvolution`: products of what a grid's pixels see of a map with the filters.
///
/// A tile of neighboring pixels reads its values straight from the map, or from a copy of some of its rows among zeros.
/// Rows under the filter that lie outside the map are left out. A chunk of the map's blocks at a time is multiplied
/// with the filters of a panel, which stay in the cache meanwhile. An output's products are added in one order (block,
/// filter row, filter column, channel) whatever the tile.
struct GridKernel: Sendable {
  let grid: PatchGrid
  /// The number of columns that are computed: those of the grid, or so many that tiles lie side by side.
  let columns: Int
  /// The number of pixels of a tile.
  private let tileWidth: Int

  /// - Parameter overlaps: Whether a row's last tile ends at the row's end; otherwise it may reach beyond. Tiles that
  ///   are added to memory must not overlap.
  init(_ grid: PatchGrid, overlaps: Bool) {
    self.grid = grid
    tileWidth = Self.tileWidth(grid.columns, step: grid.step)
    columns = overlaps ? grid.columns : grid.columns.dividedUp(by: tileWidth) * tileWidth
  }

  /// The width of a tile for rows of `columns` pixels: one that divides them with few pixels too many.
  private static func tileWidth(_ columns: Int, step: Int) -> Int {
    // A step that the compiler does not know takes registers for its multiples.
    guard hasThirtyTwoRegisters, step <= 2 else { return columns < 3 ? 1 : 3 }
    // Narrow tiles load the filters more often.
    func cost(_ width: Int) -> Int { columns.dividedUp(by: width) * (width + 1) }
    return [14, 10, 8, 7, 5, 4, 3, 2, 1].filter { $0 <= columns }.min { cost($0) < cost($1) } ?? 1
  }

  /// The part of a map that a product reads: the blocks of a chunk for some images and rows of the grid.
  struct Band {
    /// The first tap's value for the first row and column, whether or not it lies inside the map.
    let values: UnsafePointer<Float>
    /// The distances of neighboring rows of the map, of blocks and of images, in floats.
    let rowStep: Int
    let blockStep: Int
    let imageStep: Int
    /// The number of blocks.
    let blocks: Int
    let images: Int
    /// The rows of the grid.
    let rows: Range<Int>
  }

  /// The place of a product's result: the first pixel of the first row, and the distances between images and rows.
  struct Target {
    let first: UnsafeMutablePointer<Float>
    let output: TileOutput
    let imageStep: Int
    /// Sixteen values for each of two blocks from which the sums start; nil for zeros.
    let start: UnsafePointer<Float>?
  }

  // MARK: - Bands

  /// The number of columns of the map that a row of the grid sees.
  private var bandColumns: Int { (columns - 1) * grid.step + grid.tapColumns }
  private func bandRows(_ rows: Int) -> Int { (rows &- 1) &* grid.step &+ grid.tapRows }

  /// The number of floats of a copied band of some blocks.
  func bandCount(images: Int, rows: Int, blocks: Int) -> Int {
    images * blocks * bandRows(rows) * bandColumns * blockWidth
  }

  /// Whether every pixel sees one pixel of the map, and no tile reads anything else.
  var readsInPlace: Bool { grid.tapRows * grid.tapColumns == 1 && columns == grid.columns && isInside }
  private var isInside: Bool {
    grid.firstRow >= 0 && grid.firstColumn >= 0
      && grid.firstRow + (grid.rows - 1) * grid.step < grid.source.height
      && grid.firstColumn + (grid.columns - 1) * grid.step < grid.source.width
  }

  /// The part of a map for blocks and rows as it lies in memory, where no tile reads anything outside.
  func band(_ blocks: Range<Int>, images: Range<Int>, rows: Range<Int>, of map: UnsafePointer<Float>) -> Band {
    let source = grid.source
    let corner =
      (rows.lowerBound * grid.step + grid.firstRow) * source.width + grid.firstColumn
    return Band(
      values: map + images.lowerBound * source.count + blocks.lowerBound * source.planeCount + corner * blockWidth,
      rowStep: source.width * blockWidth, blockStep: source.planeCount, imageStep: source.count, blocks: blocks.count,
      images: images.count, rows: rows)
  }

  /// Copies the part of a map for blocks and rows among zeros; its pending activation is applied on the way. Rows
  /// outside the map are left as they are.
  func copyBand(
    _ blocks: Range<Int>, images: Range<Int>, rows: Range<Int>, of map: PendingMap,
    into band: UnsafeMutablePointer<Float>
  ) -> Band {
    let source = grid.source
    let (width, height) = (bandColumns &* blockWidth, bandRows(rows.count))
    let top = rows.lowerBound &* grid.step &+ grid.firstRow
    let inside = (0..<source.width).clamped(to: grid.firstColumn..<grid.firstColumn &+ bandColumns)
    let before = min(bandColumns, max(0, -grid.firstColumn))
    var to = band
    for image in images {
      for block in blocks {
        let slopes = map.slopes.map { load($0 + block &* blockWidth) }
        let plane = map.values + (image &* source.count &+ block &* source.planeCount)
        for row in top..<top &+ height {
          if row >= 0, row < source.height {
            clear(before, to)
            copy(
              inside.count, plane + (row &* source.width &+ inside.lowerBound) &* blockWidth, slopes,
              to + before &* blockWidth)
            clear(bandColumns &- before &- inside.count, to + (before &+ inside.count) &* blockWidth)
          }
          to += width
        }
      }
    }
    return Band(
      values: band, rowStep: width, blockStep: height &* width, imageStep: blocks.count &* height &* width,
      blocks: blocks.count, images: images.count, rows: rows)
  }

  @inline(__always)
  private func copy(
    _ count: Int, _ from: UnsafePointer<Float>, _ slopes: Vector?, _ to: UnsafeMutablePointer<Float>
  ) {
    var place = 0
    let end = count &* blockWidth
    if let a = slopes {
      while place < end {
        store(activated(load(from + place), slope: a), to + place)
        place &+= blockWidth
      }
    } else {
      while place < end {
        store(load(from + place), to + place)
        place &+= blockWidth
      }
    }
  }

  @inline(__always)
  private func clear(_ count: Int, _ to: UnsafeMutablePointer<Float>) {
    var pixel = 0
    while pixel < count {
      store(.zero, to + pixel &* blockWidth)
      pixel &+= 1
    }
  }

  // MARK: - Products

  /// Multiplies a band with a panel's filters, [block][filter row][filter column][16][32].
  func multiply(_ band: Band, _ filters: UnsafePointer<Float>, to target: Target) {
    // A step that the compiler knows becomes part of the addresses.
    switch grid.step {
    case 1: multiply(band, step: blockWidth, filters, target)
    case 2: multiply(band, step: 2 &* blockWidth, filters, target)
    default: multiplyNarrow(band, step: grid.step &* blockWidth, filters, target)
    }
  }

  /// Chooses the tile that divides a row with the fewest pixels too many; short rows of several images share one.
  @inline(__always)
  private func multiply(_ band: Band, step: Int, _ filters: UnsafePointer<Float>, _ target: Target) {
    guard hasThirtyTwoRegisters else { return multiplyNarrow(band, step: step, filters, target) }
    switch tileWidth {
    case 14: tiles(OneRow<Pixels14<Double32>>.self, OneRow<Pixels14<Double32>>.self, band, step, filters, target)
    case 10: tiles(OneRow<Pixels10<Double32>>.self, OneRow<Pixels10<Double32>>.self, band, step, filters, target)
    case 8: tiles(OneRow<Pixels8<Double32>>.self, OneRow<Pixels8<Double32>>.self, band, step, filters, target)
    case 7: tiles(Rows2<Pixels7<Double32>>.self, OneRow<Pixels7<Double32>>.self, band, step, filters, target)
    case 5: tiles(Rows2<Pixels5<Double32>>.self, OneRow<Pixels5<Double32>>.self, band, step, filters, target)
    case 4: tiles(Rows2<Pixels4<Double32>>.self, OneRow<Pixels4<Double32>>.self, band, step, filters, target)
    case 3: tiles(Rows3<Pixels3<Double32>>.self, OneRow<Pixels3<Double32>>.self, band, step, filters, target)
    case 2: tiles(Rows4<Pixels2<Double32>>.self, OneRow<Pixels2<Double32>>.self, band, step, filters, target)
    default: tiles(Rows8<Double32>.self, OneRow<Double32>.self, band, step, filters, target)
    }
  }

  /// The tiles of few registers, and of steps that the compiler does not know.
  @inline(__always)
  private func multiplyNarrow(_ band: Band, step: Int, _ filters: UnsafePointer<Float>, _ target: Target) {
    if tileWidth == 3 {
      tiles(OneRow<Pixels3<Double32>>.self, OneRow<Pixels3<Double32>>.self, band, step, filters, target)
    } else {
      tiles(Rows3<Double32>.self, OneRow<Double32>.self, band, step, filters, target)
    }
  }

  /// Goes through the rows with tiles of several images, and of one for the rest.
  @inline(__always)
  private func tiles<Several: TileRows, One: TileRows>(
    _ several: Several.Type, _ one: One.Type, _ band: Band, _ step: Int, _ filters: UnsafePointer<Float>,
    _ target: Target
  ) {
    for row in band.rows {
      let top = row &* grid.step &+ grid.firstRow
      let taps = max(0, -top)..<max(max(0, -top), min(grid.tapRows, grid.source.height &- top))
      let number = row &- band.rows.lowerBound
      let (x, y) = (
        band.values + number &* grid.step &* band.rowStep, target.first + number &* target.output.rowStep
      )
      var image = 0
      while image < band.images {
        let isWhole = image &+ Several.count <= band.images
        let (input, output) = (x + image &* band.imageStep, y + image &* target.imageStep)
        var column = 0
        while column < columns {
          let start = min(column, columns &- Several.Line.pixels)
          let place = (input + start &* step, output + start &* target.output.pixelStep)
          if isWhole {
            multiplyTile(Several.self, step, taps, band, filters, target, place)
          } else {
            multiplyTile(One.self, step, taps, band, filters, target, place)
          }
          column &+= Several.Line.pixels
        }
        image &+= isWhole ? Several.count : 1
      }
    }
  }

  @inline(__always)
  private func multiplyTile<T: TileRows>(
    _ tile: T.Type, _ step: Int, _ taps: Range<Int>, _ band: Band, _ filters: UnsafePointer<Float>, _ target: Target,
    _ place: (input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>)
  ) {
    var sums = T.zero
    if let start = target.start { sums = T(T.Line.weights(start, blockWidth)) }
    let rowFloats = grid.tapColumns &* blockWidth
    let rowWeights = rowFloats &* PanelProduct.width
    var block = 0
    while block < band.blocks {
      var line = place.input + (block &* band.blockStep &+ taps.lowerBound &* band.rowStep)
      var weight = filters + (block &* grid.tapRows &+ taps.lowerBound) &* rowWeights
      var rows = taps.count
      while rows > 0 {
        var input = line
        let end = input + rowFloats
        while input < end {
          sums.add(input, step, rowStep: band.imageStep, T.Line.weights(weight, blockWidth))
          input += 1
          weight += PanelProduct.width
        }
        line += band.rowStep
        rows &-= 1
      }
      block &+= 1
    }
    var output = target.output
    output.rowStep = target.imageStep
    sums.put(output, at: place.output)
  }
}
