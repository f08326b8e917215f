import CProcessor

/// The way of maps and their gradients to the transform domain and back, tile by tile.
extension WinogradConvolution {
  /// A member's two tiles to work in.
  typealias OwnTiles = (first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>)

  /// The place in a plane of the transform domain of a panel's first tile in a row of tiles. The tiles of the row
  /// follow, 32 floats apart.
  @inline(__always)
  private func place(_ panel: Int, row: Int, _ group: WinogradBlocks.Group) -> Int {
    let tiles = group.rows.count &* tileColumns
    let tile = (row &- group.rows.lowerBound) &* tileColumns
    return (panel &* tiles &+ tile) &* PanelProduct.width
  }

  /// Calls `body(tile column, block of channels, place)` for the tiles of a row in a panel, whose two blocks are taken
  /// in turn; the block is nil where there is none.
  @inline(__always)
  private func forEachTile(
    _ panel: Int, row: Int, _ group: WinogradBlocks.Group, blocks: Int,
    _ body: (_ column: Int, _ block: Int?, _ place: Int) -> Void
  ) {
    var place = place(panel, row: row, group)
    var column = 0
    while column < tileColumns {
      body(column, 2 &* panel, place)
      body(column, 2 &* panel &+ 1 < blocks ? 2 &* panel &+ 1 : nil, place &+ blockWidth)
      place &+= PanelProduct.width
      column &+= 1
    }
  }

  /// Transforms a square of `rows`×`rows` vectors into one of `results`×`results`: down the columns, then along the
  /// rows.
  @inline(__always)
  func twice(
    _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void, from rows: Int, to results: Int,
    _ source: UnsafePointer<Float>, rowStep: Int, columnStep: Int, between: UnsafeMutablePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, targetRow: Int, targetColumn: Int
  ) {
    var column = 0
    while column < rows {
      transform(source + column &* columnStep, rowStep, between + column &* blockWidth, rows &* blockWidth)
      column &+= 1
    }
    var row = 0
    while row < results {
      transform(between + row &* rows &* blockWidth, blockWidth, target + row &* targetRow, targetColumn)
      row &+= 1
    }
  }

  /// Fetches what the tile two further on reads of a map: the columns from `first` on of its `extent`×`extent` pixels.
  /// The rows of a tile are too short and too far apart for the processor to foresee.
  @inline(__always)
  private func prefetchTile(
    _ map: UnsafePointer<Float>, _ row: Int, _ column: Int, first: Int, extent: Int, width: Int, shift: Int
  ) {
    let m = Transform.outputs
    var (row, column) = (row, column &+ 2)
    if column >= tileColumns { (row, column) = (row &+ 1, column &- tileColumns) }
    let corner = map + ((row &* m &- shift) &* width &+ column &* m &- shift) &* blockWidth
    var r = 0
    while r < extent {
      var c = first
      while c < extent {
        processor_prefetch_near(corner + (r &* width &+ c) &* blockWidth)
        c &+= 1
      }
      r &+= 1
    }
  }

  /// Computes V = Bᵀ f(x) B of a row of tiles for a panel of channels.
  func transformInput(
    _ panel: Int, _ number: Int, _ group: WinogradBlocks.Group, _ input: PendingMap, _ work: Workspace,
    _ own: OwnTiles
  ) {
    let (m, tile, plane) = (Transform.outputs, Transform.tile, work.inputPlane)
    let (height, width, blocks) = (shape.height, shape.width, shape.input.blocks)
    let mapCount = shape.input.planeCount
    let (image, row) = number.quotientAndRemainder(dividingBy: tileRows)
    let top = row &* m &- shape.padding
    forEachTile(panel, row: number, group, blocks: blocks) { column, q, place in
      let target = work.input + place
      guard let q else {
        for product in 0..<Self.products { store(.zero, target + product &* plane) }
        return
      }
      let left = column &* m &- shape.padding
      let isInside = top >= 0 && left >= 0 && top &+ tile <= height && left &+ tile <= width
      let a = input.slopes.map { load($0 + q &* blockWidth) } ?? Vector(repeating: 1)
      let map = input.values + (image &* blocks &+ q) &* mapCount
      prefetchTile(map, row, column, first: Transform.taps &- 1, extent: tile, width: width, shift: shape.padding)
      var r = 0
      while r < tile {
        let y = top &+ r
        let to = own.first + r &* tile &* blockWidth
        let from = map + (y &* width &+ left) &* blockWidth
        var c = 0
        if isInside {
          while c < tile {
            store(activated(load(from + c &* blockWidth), slope: a), to + c &* blockWidth)
            c &+= 1
          }
        } else {
          while c < tile {
            let isPixel = y >= 0 && y < height && left &+ c >= 0 && left &+ c < width
            store(isPixel ? activated(load(from + c &* blockWidth), slope: a) : .zero, to + c &* blockWidth)
            c &+= 1
          }
        }
        r &+= 1
      }
      twice(
        Transform.input, from: tile, to: tile, own.first, rowStep: tile &* blockWidth, columnStep: blockWidth,
        between: own.second, target, targetRow: tile &* plane, targetColumn: plane)
    }
  }

  /// Computes y = Aᵀ M A + bias of a row of tiles for a panel of filters.
  func transformOutput(
    _ panel: Int, _ number: Int, _ group: WinogradBlocks.Group, _ work: Workspace, _ own: OwnTiles,
    _ pass: ConvolutionPass, streams: Bool
  ) {
    let (m, tile, plane) = (Transform.outputs, Transform.tile, work.outputPlane)
    let (height, width, blocks) = (shape.outputHeight, shape.outputWidth, shape.output.blocks)
    let mapCount = shape.output.planeCount
    // Only vectors that fill whole lines can go past the cache.
    let passes = streams && UInt(bitPattern: pass.output) % 64 == 0
    let (image, row) = number.quotientAndRemainder(dividingBy: tileRows)
    let top = row &* m
    let rows = min(m, height &- top)
    forEachTile(panel, row: number, group, blocks: blocks) { column, q, place in
      guard let q else { return }
      let left = column &* m
      let columns = min(m, width &- left)
      twice(
        Transform.output, from: tile, to: m, work.output + place, rowStep: tile &* plane, columnStep: plane,
        between: own.second, own.first, targetRow: m &* blockWidth, targetColumn: blockWidth)
      let added = load(pass.parameters.bias + q &* blockWidth)
      let map = pass.output + (image &* blocks &+ q) &* mapCount + (top &* width &+ left) &* blockWidth
      var r = 0
      while r < rows {
        var c = 0
        while c < columns {
          let y = load(own.first + (r &* m &+ c) &* blockWidth) + added
          let to = map + (r &* width &+ c) &* blockWidth
          if passes { stream(y, to) } else { store(y, to) }
          c &+= 1
        }
        r &+= 1
      }
    }
  }

  /// Computes M = A dY Aᵀ of a row of tiles for a panel of filters, where dY = f'(y)·∂E/∂f, and the row's sums for bias
  /// and slopes on the way.
  func transformOutputGradient(
    _ panel: Int, _ number: Int, _ group: WinogradBlocks.Group, _ work: Workspace, _ own: OwnTiles,
    _ pass: ConvolutionPass, dOutput: UnsafePointer<Float>
  ) {
    let (m, tile, plane) = (Transform.outputs, Transform.tile, work.outputPlane)
    let (height, width, blocks) = (shape.outputHeight, shape.outputWidth, shape.output.blocks)
    let mapCount = shape.output.planeCount
    let (image, row) = number.quotientAndRemainder(dividingBy: tileRows)
    let top = row &* m
    let rows = min(m, height &- top)
    let sums = work.rowSums + 2 &* number &* filterLanes
    forEachTile(panel, row: number, group, blocks: blocks) { column, q, place in
      let target = work.output + place
      guard let q else {
        for product in 0..<Self.products { store(.zero, target + product &* plane) }
        return
      }
      let left = column &* m
      let columns = min(m, width &- left)
      let a = pass.parameters.slopes.map { load($0 + q &* blockWidth) } ?? Vector(repeating: 1)
      let start = (image &* blocks &+ q) &* mapCount
      prefetchTile(pass.output + start, row, column, first: 0, extent: m, width: width, shift: 0)
      prefetchTile(dOutput + start, row, column, first: 0, extent: m, width: width, shift: 0)
      let (biasSum, slopeSum) = (sums + q &* blockWidth, sums + (filterLanes &+ q &* blockWidth))
      var bias = column == 0 ? Vector.zero : load(biasSum)
      var slope = column == 0 ? Vector.zero : load(slopeSum)
      var r = 0
      while r < m {
        let from = start &+ ((top &+ r) &* width &+ left) &* blockWidth
        let to = own.first + r &* m &* blockWidth
        var c = 0
        while c < m {
          var passed = Vector.zero
          if r < rows, c < columns {
            let y = load(pass.output + (from &+ c &* blockWidth))
            let given = load(dOutput + (from &+ c &* blockWidth))
            let negative = y .<= 0
            passed = given.replacing(with: given * a, where: negative)
            bias += passed
            slope += Vector.zero.replacing(with: given * y, where: negative)
          }
          store(passed, to + c &* blockWidth)
          c &+= 1
        }
        r &+= 1
      }
      store(bias, biasSum)
      store(slope, slopeSum)
      twice(
        Transform.outputTransposed, from: m, to: tile, own.first, rowStep: m &* blockWidth, columnStep: blockWidth,
        between: own.second, target, targetRow: tile &* plane, targetColumn: plane)
    }
  }

  /// Computes dX, the sum of B V Bᵀ over the tiles that hold a pixel, for a band of rows of tiles and a panel of
  /// channels.
  func transformInputGradient(
    _ panel: Int, _ band: WinogradBlocks.Bands.Band, _ group: WinogradBlocks.Group, _ work: Workspace,
    _ own: OwnTiles, _ dInput: UnsafeMutablePointer<Float>
  ) {
    guard !band.rows.isEmpty else { return }
    let (m, tile) = (Transform.outputs, Transform.tile)
    // The pixels that this band shares with the band above are its own.
    if band.rows.lowerBound > band.image.lowerBound {
      addInputGradient(panel, band.rows.lowerBound &- 1, m..<tile, group, work, own, dInput)
    }
    for number in band.rows {
      let isLast = number &+ 1 == band.rows.upperBound && number &+ 1 < band.image.upperBound
      addInputGradient(panel, number, 0..<(isLast ? m : tile), group, work, own, dInput)
    }
  }

  /// Adds a row of tiles, of each tile these rows of pixels, to dX. The r − 1 first rows and columns of a tile were
  /// begun by the tiles above and to the left.
  private func addInputGradient(
    _ panel: Int, _ number: Int, _ pixels: Range<Int>, _ group: WinogradBlocks.Group, _ work: Workspace,
    _ own: OwnTiles, _ dInput: UnsafeMutablePointer<Float>
  ) {
    let (m, tile, plane) = (Transform.outputs, Transform.tile, work.inputPlane)
    let overlap = Transform.taps &- 1
    let (height, width, blocks) = (shape.height, shape.width, shape.input.blocks)
    let mapCount = shape.input.planeCount
    let (image, row) = number.quotientAndRemainder(dividingBy: tileRows)
    let top = row &* m &- shape.padding
    let begunRows = row > 0 ? overlap : 0
    let rowEnd = min(pixels.upperBound, height &- top)
    forEachTile(panel, row: number, group, blocks: blocks) { column, q, place in
      guard let q else { return }
      let left = column &* m &- shape.padding
      let begunColumns = column > 0 ? overlap : 0
      twice(
        Transform.inputTransposed, from: tile, to: tile, work.dInput + place, rowStep: tile &* plane,
        columnStep: plane, between: own.second, own.first, targetRow: tile &* blockWidth, targetColumn: blockWidth)
      let map = dInput + (image &* blocks &+ q) &* mapCount
      let columnEnd = min(tile, width &- left)
      var r = max(pixels.lowerBound, 0 &- top)
      while r < rowEnd {
        let from = own.first + r &* tile &* blockWidth
        let to = map + ((top &+ r) &* width &+ left) &* blockWidth
        var c = max(0, 0 &- left)
        let begun = r < begunRows ? columnEnd : min(begunColumns, columnEnd)
        while c < begun {
          store(load(to + c &* blockWidth) + load(from + c &* blockWidth), to + c &* blockWidth)
          c &+= 1
        }
        while c < columnEnd {
          store(load(from + c &* blockWidth), to + c &* blockWidth)
          c &+= 1
        }
        r &+= 1
      }
    }
  }
}
