import System

/// The filters of a `PanelConvolution` over one grid, [chunk of blocks][panel of outputs][block][tap][16][32 outputs].
///
/// The blocks are those of the grid's map, the taps those of the grid. A product over one chunk after the other finds a
/// panel's filters in the cache.
struct PanelFilters: Sendable {
  /// The number of blocks of inputs.
  let blocks: Int
  /// The number of places under the filter, of blocks.
  let taps: Int
  /// The number of panels of outputs.
  let outerPanels: Int

  /// The number of floats of a unit: 16 inputs for 32 outputs.
  static var unit: Int { blockWidth * PanelProduct.width }
  /// The number of units of a chunk that are wanted.
  private static var unitsWanted: Int { 18 }

  var chunkBlocks: Int { min(blocks, max(1, Self.unitsWanted / max(taps, 1))) }
  /// The number of chunks; none without taps.
  var chunks: Int { taps == 0 ? 0 : blocks.dividedUp(by: chunkBlocks) }
  /// The number of floats in all.
  var count: Int { blocks * taps * outerPanels * Self.unit }

  /// The blocks of a chunk.
  func chunk(_ number: Int) -> Range<Int> { number * chunkBlocks..<min((number + 1) * chunkBlocks, blocks) }

  /// The place of a chunk's filters for a panel of outputs.
  func place(chunk: Int, outerPanel: Int) -> Int {
    (chunk * chunkBlocks * outerPanels + outerPanel * self.chunk(chunk).count) * taps * Self.unit
  }

  /// The place of a block's filters at its first tap for a panel of outputs; those at the others follow.
  func place(block: Int, outerPanel: Int) -> Int {
    place(chunk: block / chunkBlocks, outerPanel: outerPanel) + block % chunkBlocks * taps * Self.unit
  }

  /// Clears a panel of outputs.
  func clear(outerPanel: Int, _ filters: UnsafeMutablePointer<Float>) {
    for number in 0..<chunks {
      (filters + place(chunk: number, outerPanel: outerPanel)).update(
        repeating: 0, count: chunk(number).count * taps * Self.unit)
    }
  }
}
