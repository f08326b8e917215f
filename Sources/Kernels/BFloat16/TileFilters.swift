import System

/// The filters of a convolution as the right operand of tile products, [panel of 32 outputs][unit of 32 inner
/// channels][tap][half of the outputs][pair of channels][16 outputs][2].
///
/// Forward the outputs are filters and the inner channels are channels; for the input gradient it is the other way
/// round.
struct TileFilters: Sendable {
  /// The number of outputs, and the distance of two of them in the weights.
  let outer: (count: Int, step: Int)
  /// The number of inner channels, and the distance of two of them in the weights.
  let inner: (count: Int, step: Int)
  /// The places of the taps in the weights.
  let taps: [Int]

  var panels: Int { outer.count.dividedUp(by: Tiles.width) }
  var units: Int { inner.count.dividedUp(by: Tiles.width) }
  /// The number of steps of a product with a panel.
  var steps: Int { units * taps.count }
  /// The number of values of all panels.
  var count: Int { panels * steps * Tiles.count }

  func place(panel: Int) -> Int { panel * steps * Tiles.count }

  /// Writes a panel, rounded to bfloat16, with zeros where there are no outputs or channels.
  func write(_ weights: UnsafePointer<Float>, panel: Int, into filters: UnsafeMutablePointer<UInt16>) {
    let target = filters + place(panel: panel)
    for unit in 0..<units {
      for (index, tap) in taps.enumerated() {
        writeTile(weights + tap, panel, unit, target + (unit * taps.count + index) * Tiles.count)
      }
    }
  }

  private func writeTile(
    _ weights: UnsafePointer<Float>, _ panel: Int, _ unit: Int, _ target: UnsafeMutablePointer<UInt16>
  ) {
    let channels = min(Tiles.width, inner.count &- unit &* Tiles.width)
    for column in 0..<Tiles.width {
      let output = panel &* Tiles.width &+ column
      let to = target + (column / blockWidth &* Tiles.count / 2 &+ column % blockWidth &* 2)
      let used = output < outer.count ? channels : 0
      let from = weights + (min(output, outer.count &- 1) &* outer.step &+ unit &* Tiles.width &* inner.step)
      var channel = 0
      while channel < Tiles.width {
        let value = channel < used ? roundedToBFloat16(from[channel &* inner.step]) : 0
        to[channel / 2 &* Tiles.width &+ channel % 2] = UInt16(truncatingIfNeeded: value.bitPattern &>> 16)
        channel &+= 1
      }
    }
  }
}
