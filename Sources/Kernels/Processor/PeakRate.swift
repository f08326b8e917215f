import CTiles

/// Measures the rate of multiply-adds that one thread reaches with everything in registers, or in the first-level
/// cache, in operations a second (two for each multiply-add). A kernel's rate is a share of it.
///
/// - Parameters:
///   - precision: The precision of the operands.
///   - seconds: The clock that is asked before and after.
public func measuredPeakRate(_ precision: Precision = .float32, clock seconds: () -> Double) -> Double {
  if precision == .bfloat16 { return tileRate(.chosen, seconds) }
  if hasThirtyTwoRegisters { return peakRate(Pixels12<Double32>.self, seconds) }
  return peakRate(Pixels6<Single>.self, seconds)
}

/// Returns the best of several runs: an interruption can only make one slower.
private func peakRate<T: RegisterTile>(_ tile: T.Type, _ seconds: () -> Double) -> Double {
  let steps = 1 << 20
  let vectors = MemoryLayout<T.Weights>.size / MemoryLayout<Vector>.size
  let input = FloatBuffer(T.pixels)
  let weights = FloatBuffer(2 * blockWidth)
  let output = FloatBuffer(T.pixels * 2 * blockWidth)
  var best = 0.0
  for _ in 0..<20 {
    let start = seconds()
    var sums = T.zero
    let w = T.weights(weights.base, blockWidth)
    for _ in 0..<steps { sums.add(input.base, 1, w) }
    sums.write(output.base, pixelStep: 2 * blockWidth, blockWidth)
    let operations = 2 * steps * T.pixels * vectors * blockWidth
    best = max(best, Double(operations) / (seconds() - start))
  }
  return best
}

/// Returns the best of several runs of products of tiles.
private func tileRate(_ engine: TileEngine, _ seconds: () -> Double) -> Double {
  let (products, steps) = (1 << 12, 8)
  let operands = FloatBuffer(steps * Tiles.count)
  let a = halves(of: operands.base)
  let sums = FloatBuffer(Tiles.count)
  var best = 0.0
  engine.withTiles { tiles in
    for _ in 0..<20 {
      let start = seconds()
      for _ in 0..<products {
        tiles.multiply(
          tiles_product(
            a: a, rowStep: Int64(Tiles.width), places: nil, step: Int64(Tiles.count), b: a + steps * Tiles.count,
            steps: Int64(steps), c: sums.base, rows: Int64(Tiles.width), accumulates: false))
      }
      let operations = 2 * products * steps * Tiles.count * Tiles.width
      best = max(best, Double(operations) / (seconds() - start))
    }
  }
  return best
}
