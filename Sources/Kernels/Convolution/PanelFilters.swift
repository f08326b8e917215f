import System

/// The filters of a `PanelConvolution` over one grid as panels, [chunk of inner panels][panel of outputs][inner
/// place][32 outputs].
///
/// The inner panels are those of the grid's rows. A product over one chunk after the other finds a panel of filters in
/// the first-level cache, and a band's rows in the second.
struct PanelFilters: Sendable {
  /// The number of panels of rows, and of outputs.
  let innerPanels: Int
  let outerPanels: Int

  /// The number of inner panels of a chunk.
  private static var chunkPanels: Int { 8 }

  static func panels(ofChunks panels: Int) -> Int { min(panels, chunkPanels) }

  /// The number of floats of all panels.
  var count: Int { innerPanels * outerPanels * PanelProduct.width * PanelProduct.width }
  var chunks: Int { innerPanels.dividedUp(by: Self.chunkPanels) }

  /// The inner panels of a chunk.
  func chunk(_ number: Int) -> Range<Int> {
    number * Self.chunkPanels..<min((number + 1) * Self.chunkPanels, innerPanels)
  }

  /// The place where a chunk begins.
  func start(ofChunk number: Int) -> Int {
    number * Self.chunkPanels * outerPanels * PanelProduct.width * PanelProduct.width
  }

  /// The place of the values for a panel of outputs at the inner unit `unit` of 16 places, which lie 32 apart.
  func place(unit: Int, outerPanel: Int) -> Int {
    let number = unit / 2 / Self.chunkPanels
    let inner = unit * blockWidth - number * Self.chunkPanels * PanelProduct.width
    return start(ofChunk: number)
      + (outerPanel * chunk(number).count * PanelProduct.width + inner) * PanelProduct.width
  }

  /// Clears the panels of a panel of outputs.
  func clear(outerPanel: Int, _ filters: UnsafeMutablePointer<Float>) {
    for number in 0..<chunks {
      let unit = 2 * chunk(number).lowerBound
      (filters + place(unit: unit, outerPanel: outerPanel)).update(
        repeating: 0, count: chunk(number).count * PanelProduct.width * PanelProduct.width)
    }
  }
}
