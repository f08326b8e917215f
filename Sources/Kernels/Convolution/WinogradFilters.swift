/// The way of filters to the transform domain, and of their gradient back.
extension WinogradConvolution {
  /// The number of blocks of 16 channels that a piece of the filters has.
  private static var channelBlocksInPiece: Int { 4 }
  private var filterPiecesAcross: Int { (2 * inputPanels).dividedUp(by: Self.channelBlocksInPiece) }
  var filterPieces: Int { 2 * filterPanels * filterPiecesAcross }

  private static var taps: Int { @inline(__always) get { Transform.taps &* Transform.taps } }
  /// The number of floats of a block of 16 filters by 16 channels, taps² vectors for each channel.
  private static var blockFloats: Int { blockWidth * taps * blockWidth }

  /// Writes G w Gᵀ of 16 filters for some of their channels. Forward filters lie as [ξ][panel of filters][channel][32
  /// filters], backward ones as [ξ][panel of channels][filter][32 channels].
  @_specialize(where Transform == WinogradF4x3)
  @_specialize(where Transform == WinogradF3x2)
  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    let (taps, r, tile) = (Self.taps, Transform.taps, Transform.tile)
    let inner = (use == .forward ? inputPanels : filterPanels) * PanelProduct.width
    let (piece, across) = piece.quotientAndRemainder(dividingBy: filterPiecesAcross)
    let firstBlock = across * Self.channelBlocksInPiece
    let blocks = FilterBlocks(shape, precision: filterPrecision)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Self.blockFloats + 2 * Self.tileFloats) { memory in
      let byFilter = memory.baseAddress!
      let byChannel = byFilter + Self.blockFloats
      let between = byChannel + Self.blockFloats
      let transformed = between + Self.tileFloats
      for c in firstBlock..<min(firstBlock + Self.channelBlocksInPiece, 2 * inputPanels) {
        blocks.load(weights, piece, c, into: byFilter)
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
    }
  }

  /// Transforms a square of vectors that lie one behind the other, down the columns, then along the rows.
  @inline(__always)
  private func filterTwice(
    _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void, from: Int, to: Int,
    _ source: UnsafePointer<Float>, _ between: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    twice(
      transform, from: from, to: to, source, rowStep: from &* blockWidth, columnStep: blockWidth, between: between,
      target, targetRow: to &* blockWidth, targetColumn: blockWidth)
  }

  /// The number of pieces of `gatherFilters`: the pairs of blocks of 16 filters and 16 channels.
  var gatherPieces: Int { shape.output.blocks * shape.input.blocks }

  /// Writes dW = Gᵀ D G of 16 filters and 16 channels as (filters, channels, kernel, kernel).
  ///
  /// - Parameter isEmpty: whether D is zero and was not written.
  func gatherFilters(_ piece: Int, _ work: Workspace, isEmpty: Bool, into dWeights: UnsafeMutablePointer<Float>) {
    let (taps, r, tile) = (Self.taps, Transform.taps, Transform.tile)
    let inner = inputPanels * PanelProduct.width
    let (k, c) = piece.quotientAndRemainder(dividingBy: shape.input.blocks)
    let blocks = FilterBlocks(shape)
    guard !isEmpty else { return blocks.clear(k, c, in: dWeights) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockFloats + Self.tileFloats) { memory in
      let block = memory.baseAddress!
      let between = block + Self.blockFloats
      for i in 0..<min(blockWidth, shape.channels - c * blockWidth) {
        let source = work.dFilters + (k / 2 * inner + c * blockWidth + i) * PanelProduct.width + k % 2 * blockWidth
        twice(
          Transform.filterTransposed, from: tile, to: r, source, rowStep: tile &* weightPlane,
          columnStep: weightPlane, between: between, block + i * taps * blockWidth,
          targetRow: r &* blockWidth, targetColumn: blockWidth)
      }
      blocks.store(block, k, c, into: dWeights)
    }
  }
}
