import CProcessor

/// The transposed product on panels, which gives the gradient of filters and weights: C[c][k] = Σ_row A[row][c] ·
/// B[row][k]. C has panels of 32·`innerPanels` rows. The rows' products are added in their order, those of one call in
/// registers.
extension PanelProduct {
  /// The number of stripes of 8 columns that a panel of A, and of 8 rows that a panel of C is cut into.
  static let stripesInPanel = 4
  private static var stripe: Int { width / stripesInPanel }

  /// Computes the part of C for these stripes of A and these panels of B from these rows, and fetches the next panel of
  /// B and a part of the next A meanwhile.
  func multiplyTransposed(_ part: Range<Int>, stripes: Range<Int>, outer: Range<Int>) {
    let width = Self.width
    let halves = hasThirtyTwoRegisters ? 1 : 2
    let height = hasThirtyTwoRegisters ? Self.stripe : Self.stripe / 2
    let tiles = stripes.count &* Self.stripe / height &* halves
    let first = part.lowerBound &* width
    let shareA = (part.count &* Self.stripe &* stripes.count / (tiles &* outer.count) &+ 15) & ~15
    let shareB = (part.count &* width / tiles &+ 15) & ~15
    var nextA = nextA
    var k = outer.lowerBound
    while k < outer.upperBound {
      let panelB = b + (k &* rows &* width &+ first)
      var nextB = panelB + rows &* width
      var row = stripes.lowerBound &* Self.stripe
      while row < stripes.upperBound &* Self.stripe {
        let (panel, column) = (row / width, row % width)
        let tileA = a + (panel &* rows &* width &+ first &+ column)
        let panelC = c + ((k &* innerPanels &+ panel) &* width &+ column) &* width
        var half = 0
        while half < halves {
          let (tileB, tileC) = (panelB + half &* blockWidth, panelC + half &* blockWidth)
          if hasThirtyTwoRegisters {
            multiplyTransposedTile(Pixels8<Double32>.self, part.count, tileA, tileB, tileC, nextA, nextB)
          } else {
            multiplyTransposedTile(Pixels4<Single>.self, part.count, tileA, tileB, tileC, nextA, nextB)
          }
          nextA += shareA
          nextB += shareB
          half &+= 1
        }
        row &+= height
      }
      k &+= 1
    }
  }

  @inline(__always)
  private func multiplyTransposedTile<T: RegisterTile>(
    _ tile: T.Type, _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ nextA: UnsafePointer<Float>, _ nextB: UnsafePointer<Float>
  ) {
    let width = Self.width
    var sums = T.zero
    var a = a
    var b = b
    var nextA = nextA
    var nextB = nextB
    Self.prefetchToWrite(T.self, c)
    var left = count
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
