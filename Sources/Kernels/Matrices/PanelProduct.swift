import CProcessor

/// Matrix products on panels of 32 columns, in which a Winograd convolution spends its time.
///
/// A matrix of `rows`×(32·panels) lies as [panel][row][32]. In this order one buffer serves as the operand whose values
/// are broadcast and, in the transposed product, as the one that is read in vectors: nothing is ever packed.
/// A sum's terms are added in the order of the inner index whatever the tile, so results do not depend on tiles.
enum PanelProduct {
  /// The number of columns of a panel.
  static let width = 32

  /// Computes C[k][row] = Σ_c A[row][c] · B[c][k], or adds it to C if `accumulates`. A has `innerPanels` panels of
  /// `rows` rows, B `outerPanels` panels of 32·innerPanels rows, C `outerPanels` panels of `rows` rows.
  ///
  /// Meanwhile the next panel of B and `nextA`, the next product's A of the same extents, are fetched into the cache.
  static func multiply(
    rows: Int, innerPanels: Int, outerPanels: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>, nextA: UnsafePointer<Float>, accumulates: Bool = false
  ) {
    let height = tileHeight(rows)
    let tiles = (rows &+ height &- 1) / height
    let halves = hasThirtyTwoRegisters ? 1 : 2
    // The next A is spread over all tiles' calls.
    let share = (rows &* innerPanels &* width / (tiles &* outerPanels &* halves) &+ 15) & ~15
    let shareB = (innerPanels &* width &* width / (tiles &* halves) &+ 15) & ~15
    var prefetched = nextA
    var k = 0
    while k < outerPanels {
      let panelB = b + k &* innerPanels &* width &* width
      let panelC = c + k &* rows &* width
      var nextB = panelB + innerPanels &* width &* width
      var half = 0
      while half < halves {
        var row = 0
        while row < rows {
          multiplyTile(
            min(height, rows &- row), rows: rows, innerPanels: innerPanels, a + row &* width,
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
  private static func tileHeight(_ rows: Int) -> Int {
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
  private static func prefetchToWrite<T: RegisterTile>(_ tile: T.Type, _ c: UnsafeMutablePointer<Float>) {
    var row = 0
    while row < T.pixels {
      processor_prefetch_to_write(c + row &* width)
      processor_prefetch_to_write(c + (row &* width &+ blockWidth))
      row &+= 1
    }
  }

  /// Computes C[c][k] = Σ_row A[row][c] · B[row][k], or adds it to C if `accumulates`. A has `innerPanels` panels and B
  /// `outerPanels` panels of `rows` rows, C `outerPanels` panels of 32·innerPanels rows.
  ///
  /// Meanwhile the next panel of B and `nextA`, the next product's A of the same extents, are fetched into the cache.
  static func multiplyTransposed(
    rows: Int, innerPanels: Int, outerPanels: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>, accumulates: Bool, nextA: UnsafePointer<Float>
  ) {
    let height = hasThirtyTwoRegisters ? 8 : 4
    let halves = hasThirtyTwoRegisters ? 1 : 2
    let tiles = innerPanels &* width / height &* halves
    let shareA = (rows &* width &* innerPanels / (tiles &* outerPanels) &+ 15) & ~15
    let shareB = (rows &* width / tiles &+ 15) & ~15
    var nextA = nextA
    var k = 0
    while k < outerPanels {
      var nextB = b + (k &+ 1) &* rows &* width
      var inner = 0
      while inner < innerPanels {
        let panelA = a + inner &* rows &* width
        let panelB = b + k &* rows &* width
        let panelC = c + (k &* innerPanels &+ inner) &* width &* width
        var row = 0
        while row < width {
          var half = 0
          while half < halves {
            let (tileA, tileB) = (panelA + row, panelB + half &* blockWidth)
            let tileC = panelC + (row &* width &+ half &* blockWidth)
            if hasThirtyTwoRegisters {
              transposedTile(Pixels8<Double32>.self, rows, tileA, tileB, tileC, accumulates, nextA, nextB)
            } else {
              transposedTile(Pixels4<Single>.self, rows, tileA, tileB, tileC, accumulates, nextA, nextB)
            }
            nextA += shareA
            nextB += shareB
            half &+= 1
          }
          row &+= height
        }
        inner &+= 1
      }
      k &+= 1
    }
  }

  @inline(__always)
  private static func transposedTile<T: RegisterTile>(
    _ tile: T.Type, _ rows: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ accumulates: Bool, _ nextA: UnsafePointer<Float>,
    _ nextB: UnsafePointer<Float>
  ) {
    var sums = T.zero
    var a = a
    var b = b
    var nextA = nextA
    var nextB = nextB
    prefetchToWrite(T.self, c)
    var left = rows
    while left >= 4 {
      processor_prefetch(nextA)
      processor_prefetch(nextB)
      nextA += blockWidth
      nextB += blockWidth
      sums.add(a, 1, T.weights(b, blockWidth))
      sums.add(a + width, 1, T.weights(b + width, blockWidth))
      sums.add(a + 2 &* width, 1, T.weights(b + 2 &* width, blockWidth))
      sums.add(a + 3 &* width, 1, T.weights(b + 3 &* width, blockWidth))
      a += 4 &* width
      b += 4 &* width
      left &-= 4
    }
    while left > 0 {
      sums.add(a, 1, T.weights(b, blockWidth))
      a += width
      b += width
      left &-= 1
    }
    if accumulates {
      sums.accumulate(c, pixelStep: width, blockWidth)
    } else {
      sums.write(c, pixelStep: width, blockWidth)
    }
  }
}
