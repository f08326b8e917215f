import CProcessor

/// The way of maps and their gradients to the transform domain and back, tile by tile.
extension WinogradConvolution {
  /// Calls `body(image, panel, tile row, tile column, number of the tile in the block)`, one panel's tiles after
  /// another's.
  @inline(__always)
  private func forEachTile(
    _ block: Block, panels: Int, _ body: (_ image: Int, _ panel: Int, _ row: Int, _ column: Int, _ tile: Int) -> Void
  ) {
    var first = 0
    for image in block.images {
      for panel in 0..<panels {
        var tile = first
        for row in block.rows {
          for column in 0..<block.columns {
            body(image, panel, row, column, tile)
            tile &+= 1
          }
        }
      }
      first &+= block.rows.count &* block.columns
    }
  }

  /// The place of block `half` of a panel's tile in a plane of the transform domain.
  @inline(__always)
  private func place(_ panel: Int, _ tile: Int, _ half: Int, tiles: Int) -> Int {
    (panel &* tiles &+ tile) &* PanelProduct.width &+ half &* blockWidth
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

  /// Computes V = Bᵀ f(x) B of a block's tiles.
  func transformInput(_ block: Block, _ input: PendingMap, _ work: Workspace) {
    let (m, tile, tiles, plane) = (Transform.outputs, Transform.tile, block.tiles, work.inputPlane)
    let (height, width, blocks) = (shape.height, shape.width, shape.input.blocks)
    let mapCount = shape.input.planeCount
    forEachTile(block, panels: inputPanels) { image, panel, row, column, number in
      let (top, left) = (row &* m &- shape.padding, column &* m &- shape.padding)
      let isInside = top >= 0 && left >= 0 && top &+ tile <= height && left &+ tile <= width
      for half in 0..<2 {
        let target = work.input + place(panel, number, half, tiles: tiles)
        let q = 2 &* panel &+ half
        guard q < blocks else {
          for product in 0..<Self.products { store(.zero, target + product &* plane) }
          continue
        }
        let a = input.slopes.map { load($0 + q &* blockWidth) } ?? Vector(repeating: 1)
        let map = input.values + (image &* blocks &+ q) &* mapCount
        prefetchTile(map, row, column, first: Transform.taps &- 1, extent: tile, width: width, shift: shape.padding)
        var r = 0
        while r < tile {
          let y = top &+ r
          let to = work.first + r &* tile &* blockWidth
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
          Transform.input, from: tile, to: tile, work.first, rowStep: tile &* blockWidth, columnStep: blockWidth,
          between: work.second, target, targetRow: tile &* plane, targetColumn: plane)
      }
    }
  }

  /// Computes y = Aᵀ M A + bias of a block's tiles.
  func transformOutput(
    _ block: Block, _ work: Workspace, bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    streams: Bool
  ) {
    let (m, tile, tiles, plane) = (Transform.outputs, Transform.tile, block.tiles, work.outputPlane)
    let (height, width, blocks) = (shape.outputHeight, shape.outputWidth, shape.output.blocks)
    let mapCount = shape.output.planeCount
    // Only vectors that fill whole lines can go past the cache.
    let passes = streams && UInt(bitPattern: output) % 64 == 0
    forEachTile(block, panels: filterPanels) { image, panel, row, column, number in
      let (top, left) = (row &* m, column &* m)
      let rows = min(m, height &- top)
      let columns = min(m, width &- left)
      for half in 0..<min(2, blocks &- 2 &* panel) {
        let q = 2 &* panel &+ half
        twice(
          Transform.output, from: tile, to: m, work.output + place(panel, number, half, tiles: tiles),
          rowStep: tile &* plane, columnStep: plane, between: work.second, work.first, targetRow: m &* blockWidth,
          targetColumn: blockWidth)
        let added = load(bias + q &* blockWidth)
        let map = output + (image &* blocks &+ q) &* mapCount + (top &* width &+ left) &* blockWidth
        var r = 0
        while r < rows {
          var c = 0
          while c < columns {
            let y = load(work.first + (r &* m &+ c) &* blockWidth) + added
            let to = map + (r &* width &+ c) &* blockWidth
            if passes { stream(y, to) } else { store(y, to) }
            c &+= 1
          }
          r &+= 1
        }
      }
    }
  }

  /// Computes M = A dY Aᵀ of a block's tiles, where dY = f'(y)·∂E/∂f, and adds to the sums of bias and slopes on the
  /// way.
  func transformOutputGradient(
    _ block: Block, _ work: Workspace, output: PendingMap, _ gradients: ConvolutionGradients
  ) {
    let (m, tile, tiles, plane) = (Transform.outputs, Transform.tile, block.tiles, work.outputPlane)
    let (height, width, blocks) = (shape.outputHeight, shape.outputWidth, shape.output.blocks)
    let mapCount = shape.output.planeCount
    forEachTile(block, panels: filterPanels) { image, panel, row, column, number in
      let (top, left) = (row &* m, column &* m)
      let rows = min(m, height &- top)
      let columns = min(m, width &- left)
      for half in 0..<2 {
        let target = work.output + place(panel, number, half, tiles: tiles)
        let q = 2 &* panel &+ half
        guard q < blocks else {
          for product in 0..<Self.products { store(.zero, target + product &* plane) }
          continue
        }
        let a = output.slopes.map { load($0 + q &* blockWidth) } ?? Vector(repeating: 1)
        let corner = (image &* blocks &+ q) &* mapCount &+ (top &* width &+ left) &* blockWidth
        let start = (image &* blocks &+ q) &* mapCount
        prefetchTile(output.values + start, row, column, first: 0, extent: m, width: width, shift: 0)
        prefetchTile(gradients.dOutput + start, row, column, first: 0, extent: m, width: width, shift: 0)
        var bias = Vector.zero
        var slope = Vector.zero
        var r = 0
        while r < m {
          let from = corner &+ r &* width &* blockWidth
          let to = work.first + r &* m &* blockWidth
          var c = 0
          while c < m {
            var passed = Vector.zero
            if r < rows, c < columns {
              let y = load(output.values + (from &+ c &* blockWidth))
              let given = load(gradients.dOutput + (from &+ c &* blockWidth))
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
        let (dBias, dSlopes) = (gradients.dBias + q &* blockWidth, gradients.dSlopes + q &* blockWidth)
        store(load(dBias) + bias, dBias)
        store(load(dSlopes) + slope, dSlopes)
        twice(
          Transform.outputTransposed, from: m, to: tile, work.first, rowStep: m &* blockWidth, columnStep: blockWidth,
          between: work.second, target, targetRow: tile &* plane, targetColumn: plane)
      }
    }
  }

  /// Computes dX, the sum of B V Bᵀ over the tiles that hold a pixel: the r − 1 first rows and columns of a tile were
  /// begun by the tiles above and to the left.
  func transformInputGradient(_ block: Block, _ work: Workspace, _ dInput: UnsafeMutablePointer<Float>) {
    let (m, tile, tiles, plane) = (Transform.outputs, Transform.tile, block.tiles, work.inputPlane)
    let overlap = Transform.taps &- 1
    let (height, width, blocks) = (shape.height, shape.width, shape.input.blocks)
    let mapCount = shape.input.planeCount
    forEachTile(block, panels: inputPanels) { image, panel, row, column, number in
      let (top, left) = (row &* m &- shape.padding, column &* m &- shape.padding)
      let (begunRows, begunColumns) = (row > 0 ? overlap : 0, column > 0 ? overlap : 0)
      for half in 0..<min(2, blocks &- 2 &* panel) {
        let q = 2 &* panel &+ half
        twice(
          Transform.inputTransposed, from: tile, to: tile, work.input + place(panel, number, half, tiles: tiles),
          rowStep: tile &* plane, columnStep: plane, between: work.second, work.first, targetRow: tile &* blockWidth,
          targetColumn: blockWidth)
        let map = dInput + (image &* blocks &+ q) &* mapCount
        var r = max(0, 0 &- top)
        let (rowEnd, columnEnd) = (min(tile, height &- top), min(tile, width &- left))
        while r < rowEnd {
          let from = work.first + r &* tile &* blockWidth
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
}
