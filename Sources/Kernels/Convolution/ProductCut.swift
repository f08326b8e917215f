import System

/// The division of a Winograd convolution's matrix products, one for each place of the transform domain, into pieces of
/// equal work.
///
/// One member takes whole products. For a team each product is cut into parts, over panels and rows of the result
/// (`forEachRun`), and over the pairs of panels of a transposed product (`forEachPair`). No sum is cut, so that the
/// division changes no bit.
struct ProductCut: Sendable {
  /// The number of rows of the matrices.
  let tiles: Int
  /// The number of parts of each product.
  let parts: Int
  /// The number of rows in the unit that rows are cut into: the product's own tile.
  private let unit: Int
  /// The largest part over the mean.
  let unevenness: Double

  /// - Parameters:
  ///   - products: the number of products.
  ///   - pairs: the number of pairs of panels in the transposed product; nil if there is none.
  ///   - panels: the number of panels of the product's result.
  init(tiles: Int, products: Int, pairs: Int?, panels: Int, members: Int) {
    self.tiles = tiles
    unit = PanelProduct.tileHeight(tiles)
    let runs = panels * tiles.dividedUp(by: unit)
    let units = pairs.map { min(runs, $0 * PanelProduct.stripesInPanel) } ?? runs
    parts = evenParts(ofEach: products, units: units, members: members)
    unevenness = Kernels.unevenness(units: units, parts: parts)
  }

  /// Calls `body(panels, rows)` for the parts of the result that belong to a part of the product.
  @inline(__always)
  func forEachRun(of part: Int, panels: Int, _ body: (_ panels: Range<Int>, _ rows: Range<Int>) -> Void) {
    guard parts > 1 else { return body(0..<panels, 0..<tiles) }
    let units = tiles.dividedUp(by: unit)
    forEachRun(panels * units * part / parts..<panels * units * (part + 1) / parts, of: units) { panel, own in
      body(panel..<panel + 1, own.lowerBound * unit..<min(own.upperBound * unit, tiles))
    }
  }

  /// Calls `body(inner stripes, outer panels)` for the pairs of stripes and panels that belong to a part of the
  /// transposed product.
  @inline(__always)
  func forEachPair(
    of part: Int, innerPanels: Int, outer: Int, _ body: (_ stripes: Range<Int>, _ outer: Range<Int>) -> Void
  ) {
    let stripes = innerPanels * PanelProduct.stripesInPanel
    guard parts > 1 else { return body(0..<stripes, 0..<outer) }
    forEachRun(stripes * outer * part / parts..<stripes * outer * (part + 1) / parts, of: stripes) { panel, own in
      body(own, panel..<panel + 1)
    }
  }

  /// Calls `body(line, places in the line)` for the lines of `length` places that `places` goes through.
  @inline(__always)
  private func forEachRun(_ places: Range<Int>, of length: Int, _ body: (_ line: Int, _ own: Range<Int>) -> Void) {
    var place = places.lowerBound
    while place < places.upperBound {
      let (line, first) = place.quotientAndRemainder(dividingBy: length)
      let count = min(length - first, places.upperBound - place)
      body(line, first..<first + count)
      place += count
    }
  }
}
