import System

/// The algorithm `winograd`: convolution with stride 1 by Winograd's minimal filtering in two dimensions, F(m×m, r×r)
/// (Lavin and Gray 2015).
///
/// Tiles of the input, transformed, are (m + r − 1)² matrices of tiles×channels. Each is multiplied with the matrix of
/// filters at the same place of the transform domain, and the products are transformed back to m×m outputs a tile. With
/// ξ for that place, data lie as [ξ][panel of 32 channels][tile][32], filters as [ξ][panel of 32 outputs][input][32].
///
/// Backward is the transpose of forward: A·dY·Aᵀ serves both gradients, and the input gradient comes back by the
/// transpose of the input transform, where overlapping tiles add.
///
/// `WinogradTransform` is the arithmetic in one dimension, `WinogradTiles` the way of maps to the transform domain and
/// back, `WinogradFilters` that of filters and their gradient; here are the blocks of tiles and the passes.
struct WinogradConvolution<Transform: WinogradTransform>: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  /// The tiles that cover the output.
  let tileRows: Int
  let tileColumns: Int
  /// The number of images, or else of rows of tiles of one image, that go through the transform domain together.
  private let blockImages: Int
  private let blockRows: Int

  /// The number of tiles in a block: enough for the products to outweigh the traffic of filters and their gradients,
  /// few enough for a block's data to stay in the cache; multiples of the product's 14 rows.
  private static func tilesWanted(_ shape: ConvolutionShape) -> Int {
    let filterBytes = products * shape.channels * shape.filters * MemoryLayout<Float>.stride
    return filterBytes > 16 << 20 ? 196 : 98
  }

  /// The number of floats above which the next layer would not find a map in the cache: it is written past the cache.
  private static var largeMap: Int { 2 << 20 }

  init(_ shape: ConvolutionShape) {
    precondition(
      shape.kernel == Transform.taps && shape.stride == 1,
      "\(shape.kernel)×\(shape.kernel) filters, \(shape.stride) apart, by F(\(Transform.outputs), \(Transform.taps))")
    self.shape = shape
    tileRows = shape.outputHeight.dividedUp(by: Transform.outputs)
    tileColumns = shape.outputWidth.dividedUp(by: Transform.outputs)
    let perImage = tileRows * tileColumns
    let wanted = Self.tilesWanted(shape)
    if perImage >= wanted {
      blockImages = 1
      // Rows in equal parts, so that no short block is left over.
      let parts = perImage.dividedUp(by: wanted)
      blockRows = tileRows.dividedUp(by: parts)
    } else {
      blockImages = wanted / perImage
      blockRows = tileRows
    }
  }

  // MARK: - Extents

  static var products: Int { @inline(__always) get { Transform.products } }
  var inputPanels: Int { (shape.input.blocks + 1) / 2 }
  var filterPanels: Int { (shape.output.blocks + 1) / 2 }

  /// The number of floats that planes of the transform domain lie further apart than their size, so that their
  /// addresses do not fall on the same cache sets.
  private static var stagger: Int { 48 }

  private func tilesInBlock(_ images: Int) -> Int { min(images, blockImages) * blockRows * tileColumns }
  private func inputPlane(_ tiles: Int) -> Int { inputPanels * tiles * PanelProduct.width + Self.stagger }
  private func filterPlane(_ tiles: Int) -> Int { filterPanels * tiles * PanelProduct.width + Self.stagger }
  var weightPlane: Int { inputPanels * filterPanels * PanelProduct.width * PanelProduct.width + Self.stagger }
  static var tileFloats: Int { products * blockWidth }

  var inputCount: Int { shape.input.count }
  func filterCount(_ use: FilterUse) -> Int { Self.products * weightPlane }

  func scratchCount(images: Int) -> Int {
    let tiles = tilesInBlock(images)
    return 2 * Self.tileFloats + Self.products * (inputPlane(tiles) + filterPlane(tiles) + weightPlane)
  }

  /// A thread's scratch: two tiles, the transformed input (V), the transformed output (M), the filters' gradient (D).
  struct Workspace {
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

  /// The tiles of whole images, or some rows of one image's tiles.
  struct Block {
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

  // MARK: - Passes

  func forward(_ pass: ConvolutionPass) {
    let work = workspace(pass.scratch, images: pass.images)
    let filters = pass.parameters.filters
    let streams = pass.images * shape.output.count > Self.largeMap
    forEachBlock(pass.images) { block in
      transformInput(block, pass.input, work)
      for product in 0..<Self.products {
        let v = work.input + product * work.inputPlane
        PanelProduct.multiply(
          rows: block.tiles, innerPanels: inputPanels, outerPanels: filterPanels, v, filters + product * weightPlane,
          into: work.output + product * work.outputPlane, nextA: v + work.inputPlane)
      }
      transformOutput(block, work, bias: pass.parameters.bias, pass.output, streams: streams)
    }
    if streams { finishStreaming() }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let work = workspace(pass.scratch, images: pass.images)
    let filters = pass.parameters.filters
    let output = PendingMap(values: pass.output, slopes: pass.parameters.slopes)
    let lanes = shape.output.blocks * blockWidth
    gradients.dBias.update(repeating: 0, count: lanes)
    gradients.dSlopes.update(repeating: 0, count: lanes)
    var isFirst = true
    forEachBlock(pass.images) { block in
      transformOutputGradient(block, work, output: output, gradients)
      transformInput(block, pass.input, work)
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
}
