import CProcessor

/// Convolution with stride 1 by Winograd's minimal filtering in two dimensions, F(m×m, r×r) (Lavin and Gray 2015).
///
/// Tiles of the input, transformed, are products.count matrices of tiles×channels; each is multiplied with the matrix of
/// filters at the same place of the transform domain, and the products are transformed back to m×m outputs a tile. With
/// ξ for that place, data lie as [ξ][panel of 32 channels][tile][32], filters as [ξ][panel of 32 outputs][input][32].
///
/// Backward is the transpose of forward: A·dY·Aᵀ serves both gradients, and the input gradient comes back by the
/// transpose of the input transform, where overlapping tiles add.
struct WinogradConvolution<Transform: WinogradTransform>: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  private let tileRows: Int
  private let tileColumns: Int
  /// Images, or else rows of tiles of one image, that go through the transform domain together.
  private let blockImages: Int
  private let blockRows: Int

  /// Tiles in a block: enough for the products to outweigh the traffic of filters and their gradients, few enough for a
  /// block's data to stay in the cache; multiples of the product's 14 rows.
  private static func tilesWanted(_ shape: ConvolutionShape) -> Int {
    let filterBytes = products * shape.channels * shape.filters * MemoryLayout<Float>.stride
    return filterBytes > 16 << 20 ? 196 : 98
  }

  /// Floats of a map that is too large to be found in the cache by the next layer: it is written past the cache.
  private static var largeMap: Int { 2 << 20 }

  init(_ shape: ConvolutionShape) {
    precondition(
      shape.kernel == Transform.taps && shape.stride == 1,
      "\(shape.kernel)×\(shape.kernel) filters, \(shape.stride) apart, by F(\(Transform.outputs), \(Transform.taps))")
    self.shape = shape
    tileRows = (shape.outputHeight + Transform.outputs - 1) / Transform.outputs
    tileColumns = (shape.outputWidth + Transform.outputs - 1) / Transform.outputs
    let perImage = tileRows * tileColumns
    let wanted = Self.tilesWanted(shape)
    if perImage >= wanted {
      blockImages = 1
      // Rows in equal parts, so that no short block is left over.
      let parts = (perImage + wanted - 1) / wanted
      blockRows = (tileRows + parts - 1) / parts
    } else {
      blockImages = wanted / perImage
      blockRows = tileRows
    }
  }

  // MARK: - Extents

  private static var products: Int { @inline(__always) get { Transform.products } }
  private var inputPanels: Int { (shape.input.blocks + 1) / 2 }
  private var filterPanels: Int { (shape.output.blocks + 1) / 2 }

  /// Planes of the transform domain lie this much further apart than their size, so that their addresses do not fall on
  /// the same cache sets.
  private static var stagger: Int { 48 }

  private func tilesInBlock(_ images: Int) -> Int { min(images, blockImages) * blockRows * tileColumns }
  private func inputPlane(_ tiles: Int) -> Int { inputPanels * tiles * PanelProduct.width + Self.stagger }
  private func filterPlane(_ tiles: Int) -> Int { filterPanels * tiles * PanelProduct.width + Self.stagger }
  private var weightPlane: Int { inputPanels * filterPanels * PanelProduct.width * PanelProduct.width + Self.stagger }
  private static var tileFloats: Int { products * blockWidth }

  var inputCount: Int { shape.input.count }
  func filterCount(_ use: FilterUse) -> Int { Self.products * weightPlane }

  func scratchCount(images: Int) -> Int {
    let tiles = tilesInBlock(images)
    return 2 * Self.tileFloats + Self.products * (inputPlane(tiles) + filterPlane(tiles) + weightPlane)
  }

  /// A thread's scratch: two tiles, the transformed input (V), the transformed output (M), the filters' gradient (D).
  private struct Workspace {
    let first: UnsafeMutablePointer<Float>
    let second: UnsafeMutablePointer<Float>
    let input: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let dFilters: UnsafeMutablePointer<Float>
    let inputPlane: Int
    let outputPlane: Int
  }

  private func workspace(_ scratch: UnsafeMutablePointer<Float>, images: Int) -> Workspace {
    let tiles = tilesInBlock(images)
    let (inputPlane, outputPlane) = (inputPlane(tiles), filterPlane(tiles))
    let input = scratch + 2 * Self.tileFloats
    let output = input + Self.products * inputPlane
    return Workspace(
      first: scratch, second: scratch + Self.tileFloats, input: input, output: output,
      dFilters: output + Self.products * outputPlane, inputPlane: inputPlane, outputPlane: outputPlane)
  }

  // MARK: - Blocks of tiles

  /// Tiles of whole images, or some rows of one image's tiles.
  private struct Block {
    var images: Range<Int>
    var rows: Range<Int>
    var columns: Int
    var tiles: Int { images.count * rows.count * columns }
  }

  private func forEachBlock(_ images: Int, _ body: (Block) -> Void) {
    for first in stride(from: 0, to: images, by: blockImages) {
      for row in stride(from: 0, to: tileRows, by: blockRows) {
        body(
          Block(
            images: first..<min(first + blockImages, images), rows: row..<min(row + blockRows, tileRows),
            columns: tileColumns))
      }
    }
  }

  /// Calls `body(image, panel, tile row, tile column, number of the tile in the block)`, a panel's tiles in a row.
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

  /// Where block `half` of a panel's tile lies in a plane of the transform domain.
  @inline(__always)
  private func place(_ panel: Int, _ tile: Int, _ half: Int, tiles: Int) -> Int {
    (panel &* tiles &+ tile) &* PanelProduct.width &+ half &* blockWidth
  }

  // MARK: - Transforms of data

  /// From `rows`×`columns` vectors to the transform domain or back: one transform down the columns, one along the rows.
  @inline(__always)
  private func twice(
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

  /// Fetches what the tile two further on reads of a map, columns from `first` on of its `extent`×`extent` pixels. The rows of a tile are too short and too far apart for the processor to foresee.
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

  /// V = Bᵀ f(x) B of a block's tiles.
  private func transformInput(_ block: Block, _ input: PendingMap, _ work: Workspace) {
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

  /// y = Aᵀ M A + bias of a block's tiles.
  private func transformOutput(
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

  /// M = A dY Aᵀ of a block's tiles, dY = f'(y)·∂E/∂f, with the sums of bias and slopes on the way.
  private func transformOutputGradient(
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

  /// dX = the sum of B V Bᵀ over the tiles that hold a pixel: the r − 1 first rows and columns of a tile were begun by
  /// the tiles above and to the left.
  private func transformInputGradient(_ block: Block, _ work: Workspace, _ dInput: UnsafeMutablePointer<Float>) {
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

  // MARK: - Passes

  func forward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let work = workspace(scratch, images: images)
    let streams = images * shape.output.count > Self.largeMap
    forEachBlock(images) { block in
      transformInput(block, input, work)
      for product in 0..<Self.products {
        let v = work.input + product * work.inputPlane
        PanelProduct.multiply(
          rows: block.tiles, innerPanels: inputPanels, outerPanels: filterPanels, v, filters + product * weightPlane,
          into: work.output + product * work.outputPlane, nextA: v + work.inputPlane)
      }
      transformOutput(block, work, bias: bias, output, streams: streams)
    }
    if streams { finishStreaming() }
  }

  func backward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, output: PendingMap,
    _ gradients: ConvolutionGradients,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let work = workspace(scratch, images: images)
    let lanes = shape.output.blocks * blockWidth
    gradients.dBias.update(repeating: 0, count: lanes)
    gradients.dSlopes.update(repeating: 0, count: lanes)
    var isFirst = true
    forEachBlock(images) { block in
      transformOutputGradient(block, work, output: output, gradients)
      transformInput(block, input, work)
      for product in 0..<Self.products {
        let v = work.input + product * work.inputPlane
        let m = work.output + product * work.outputPlane
        PanelProduct.multiplyTransposed(
          rows: block.tiles, innerPanels: inputPanels, outerPanels: filterPanels, v, m,
          into: work.dFilters + product * weightPlane, accumulates: !isFirst, nextA: v + work.inputPlane)
        if gradients.dInput != nil {
          PanelProduct.multiply(
            rows: block.tiles, innerPanels: filterPanels, outerPanels: inputPanels, m, filters + product * weightPlane,
            into: v, nextA: m + work.outputPlane)
        }
      }
      if let dInput = gradients.dInput { transformInputGradient(block, work, dInput) }
      isFirst = false
    }
    guard !isFirst else { return gradients.dWeights.update(repeating: 0, count: shape.weightCount) }
    gatherFilters(work, gradients.dWeights)
  }

  // MARK: - Filters

  /// Blocks of 16 filters.
  var filterPieces: Int { 2 * filterPanels }

  /// A block of 16 filters by 16 channels, taps² vectors for each channel.
  private static var taps: Int { @inline(__always) get { Transform.taps &* Transform.taps } }
  private static var blockFloats: Int { blockWidth * taps * blockWidth }

  /// Forward: [ξ][panel of filters][channel][32 filters]. Backward: [ξ][panel of channels][filter][32 channels].
  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    let (taps, r, tile) = (Self.taps, Transform.taps, Transform.tile)
    let inner = (use == .forward ? inputPanels : filterPanels) * PanelProduct.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Self.blockFloats + 2 * Self.tileFloats) { memory in
      let byFilter = memory.baseAddress!
      let byChannel = byFilter + Self.blockFloats
      let between = byChannel + Self.blockFloats
      let transformed = between + Self.tileFloats
      for c in 0..<2 * inputPanels {
        loadFilters(weights, piece, c, byFilter)
        if use == .backward {
          for tap in 0..<taps {
            transpose16(
              byFilter + tap * blockWidth, taps * blockWidth, byChannel + tap * blockWidth, taps * blockWidth)
          }
        }
        // One vector of 16 outputs of the product for each of the 16 inputs.
        let source = use == .forward ? byFilter : byChannel
        let (outer, start) = use == .forward ? (piece, c * blockWidth) : (c, piece * blockWidth)
        for i in 0..<blockWidth {
          let target =
            filters + (outer / 2 * inner + start + i) * PanelProduct.width + outer % 2 * blockWidth
          filterTwice(
            Transform.filter, from: r, to: tile, source + i * taps * blockWidth, between, transformed)
          for product in 0..<Self.products {
            stream(load(transformed + product * blockWidth), target + product * weightPlane)
          }
        }
      }
      finishStreaming()
    }
  }

  /// One transform down the columns of a square of vectors, one along its rows.
  @inline(__always)
  private func filterTwice(
    _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void, from: Int, to: Int,
    _ source: UnsafePointer<Float>, _ between: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    twice(
      transform, from: from, to: to, source, rowStep: from &* blockWidth, columnStep: blockWidth, between: between,
      target, targetRow: to &* blockWidth, targetColumn: blockWidth)
  }

  /// The weights of filter block k and channel block c as [channel][tap][16 filters], zero where there are none.
  private func loadFilters(
    _ weights: UnsafePointer<Float>, _ k: Int, _ c: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    let (taps, row) = (Self.taps, shape.channels * Self.taps)
    let filters = min(blockWidth, shape.filters - k * blockWidth)
    let channels = min(blockWidth, shape.channels - c * blockWidth)
    let corner = weights + k * blockWidth * row + c * blockWidth * taps
    if filters == blockWidth, channels == blockWidth {
      for part in 0..<taps {
        transpose16(corner + part * blockWidth, row, target + part * blockWidth * blockWidth, blockWidth)
      }
      return
    }
    target.update(repeating: 0, count: Self.blockFloats)
    for filter in 0..<max(filters, 0) {
      for index in 0..<max(channels, 0) * taps { target[index * blockWidth + filter] = corner[filter * row + index] }
    }
  }

  /// dW = Gᵀ D G, to (filters, channels, kernel, kernel).
  private func gatherFilters(_ work: Workspace, _ dWeights: UnsafeMutablePointer<Float>) {
    let (taps, r, tile, row) = (Self.taps, Transform.taps, Transform.tile, shape.channels * Self.taps)
    let inner = inputPanels * PanelProduct.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockFloats + Self.tileFloats) { memory in
      let block = memory.baseAddress!
      let between = block + Self.blockFloats
      for k in 0..<shape.output.blocks {
        let filters = min(blockWidth, shape.filters - k * blockWidth)
        for c in 0..<shape.input.blocks {
          let channels = min(blockWidth, shape.channels - c * blockWidth)
          for i in 0..<channels {
            let source =
              work.dFilters + (k / 2 * inner + c * blockWidth + i) * PanelProduct.width + k % 2 * blockWidth
            twice(
              Transform.filterTransposed, from: tile, to: r, source, rowStep: tile &* weightPlane,
              columnStep: weightPlane, between: between, block + i * taps * blockWidth,
              targetRow: r &* blockWidth, targetColumn: blockWidth)
          }
          let corner = dWeights + k * blockWidth * row + c * blockWidth * taps
          if filters == blockWidth, channels == blockWidth {
            for part in 0..<taps {
              transpose16(block + part * blockWidth * blockWidth, blockWidth, corner + part * blockWidth, row)
            }
          } else {
            for filter in 0..<filters {
              for index in 0..<channels * taps { corner[filter * row + index] = block[index * blockWidth + filter] }
            }
          }
        }
      }
    }
  }
}
