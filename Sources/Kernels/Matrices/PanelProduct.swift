import CProcessor

/// A matrix product on panels of 32 columns, in which a Winograd convolution spends its time:
/// C[k][row] = Σ_c A[row][c] · B[c][k].
///
/// A matrix of `rows`×(32·panels) lies as [panel][row][32]. In this order one buffer serves as the operand whose values
/// are broadcast and, in the transposed product, as the one that is read in vectors: nothing is ever packed.
/// A sum's terms are added in the order of the inner index whatever the tile, so results depend neither on tiles nor on
/// the parts in which the product is computed.
struct PanelProduct {
  /// The number of columns of a panel.
  static let width = 32

  /// The number of rows of A and C.
  let rows: Int
  /// The number of panels of A; in the plain product B's panels have 32 rows for each of them.
  let innerPanels: Int
  let a: UnsafePointer<Float>
  let b: UnsafePointer<Float>
  let c: UnsafeMutablePointer<Float>
  let nextA: UnsafePointer<Float>
  let accumulates: Bool

  /// - Parameters:
  ///   - nextA: the next product's A of the same extents, which is fetched into the cache meanwhile.
  ///   - accumulates: whether the product is added to C.
  init(
    rows: Int, innerPanels: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>, nextA: UnsafePointer<Float>, accumulates: Bool = false
  ) {
    self.rows = rows
    self.innerPanels = innerPanels
    (self.a, self.b, self.c) = (a, b, c)
    self.nextA = nextA
    self.accumulates = accumulates
  }

  /// Computes these rows of these panels of C, and fetches the next panel of B and a part of the next A meanwhile.
  func multiply(_ part: Range<Int>, panels: Range<Int>) {
    let width = Self.width
    let height = Self.tileHeight(part.count)
    let tiles = (part.count &+ height &- 1) / height
    let halves = hasThirtyTwoRegisters ? 1 : 2
    // The next A is spread over all tiles' calls.
    let share = (part.count &* innerPanels &* width / (tiles &* panels.count &* halves) &+ 15) & ~15
    let shareB = (innerPanels &* width &* width / (tiles &* halves) &+ 15) & ~15
    var prefetched = nextA
    var k = panels.lowerBound
    while k < panels.upperBound {
      let panelB = b + k &* innerPanels &* width &* width
      let panelC = c + k &* rows &* width
      var nextB = panelB + innerPanels &* width &* width
      var half = 0
      while half < halves {
        var row = part.lowerBound
        while row < part.upperBound {
          Self.multiplyTile(
            min(height, part.upperBound &- row), rows: rows, innerPanels: innerPanels, a + row &* width,
            panelB + half &* blockWidth, panelC + (row &* width &+ half &* blockWidth), prefetched,
            nextB, accumulates)
          prefetched += share
          nextB += shareB
          row &+= height
        }
        half &+= 1
      }
      k &+= 1
    }
  }

  /// The number of rows of a tile: as even a division as the registers allow.
  static func tileHeight(_ rows: Int) -> Int {
    let most = hasThirtyTwoRegisters ? 14 : 6
    let tiles = (rows &+ most &- 1) / most
    let height = (rows &+ tiles &- 1) / tiles
    // The compiler does not keep 24 or 26 sums in registers, though it does 28.
    return height == 12 || height == 13 ? 11 : height
  }

  @inline(__always)
  private static func multiplyTile(
    _ height: Int, rows: Int, innerPanels: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ nextA: UnsafePointer<Float>, _ nextB: UnsafePointer<Float>,
    _ accumulates: Bool
  ) {
    if hasThirtyTwoRegisters {
      multiplyTile(height, Double32.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    } else {
      multiplyNarrowTile(height, Single.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    }
  }

  private static func multiplyTile<T: RegisterTile>(
    _ height: Int, _ row: T.Type, _ rows: Int, _ innerPanels: Int, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ nextA: UnsafePointer<Float>,
    _ nextB: UnsafePointer<Float>,
    _ accumulates: Bool
  ) {
    switch height {
    case 14: multiply(Pixels14<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 13: multiply(Pixels13<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 12: multiply(Pixels12<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 11: multiply(Pixels11<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 10: multiply(Pixels10<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 9: multiply(Pixels9<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 8: multiply(Pixels8<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 7: multiply(Pixels7<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    default: multiplyNarrowTile(height, row, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    }
  }

  private static func multiplyNarrowTile<T: RegisterTile>(
    _ height: Int, _ row: T.Type, _ rows: Int, _ innerPanels: Int, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ nextA: UnsafePointer<Float>,
    _ nextB: UnsafePointer<Float>,
    _ accumulates: Bool
  ) {
    switch height {
    case 6: multiply(Pixels6<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 5: multiply(Pixels5<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 4: multiply(Pixels4<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 3: multiply(Pixels3<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 2: multiply(Pixels2<T>.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    case 1: multiply(T.self, rows, innerPanels, a, b, c, nextA, nextB, accumulates)
    default: preconditionFailure("a tile of \(height) rows")
    }
  }

  @inline(__always)
  private static func multiply<T: RegisterTile>(
    _ tile: T.Type, _ rows: Int, _ innerPanels: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ nextA: UnsafePointer<Float>, _ nextB: UnsafePointer<Float>,
    _ accumulates: Bool
  ) {
    var sums = T.zero
    var weight = b
    var panel = a
    var nextA = nextA
    var nextB = nextB
    prefetchToWrite(T.self, c)
    var left = innerPanels
    while left > 0 {
      var input = panel
      let end = panel + width
      while input < end {
        processor_prefetch(nextA)
        processor_prefetch(nextB)
        nextA += blockWidth
        nextB += blockWidth
        sums.add(input, width, T.weights(weight, blockWidth))
        sums.add(input + 1, width, T.weights(weight + width, blockWidth))
        sums.add(input + 2, width, T.weights(weight + 2 &* width, blockWidth))
        sums.add(input + 3, width, T.weights(weight + 3 &* width, blockWidth))
        input += 4
        weight += 4 &* width
      }
      panel += rows &* width
      left &-= 1
    }
    if accumulates {
      sums.accumulate(c, pixelStep: width, blockWidth)
    } else {
      sums.write(c, pixelStep: width, blockWidth)
    }
  }

  /// Fetches the lines of a tile of C.
  @inline(__always)
  static func prefetchToWrite<T: RegisterTile>(_ tile: T.Type, _ c: UnsafeMutablePointer<Float>) {
    var row = 0
    while row < T.pixels {
      processor_prefetch_to_write(c + row &* width)
      processor_prefetch_to_write(c + (row &* width &+ blockWidth))
      row &+= 1
    }
  }
}
