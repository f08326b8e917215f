/// Measures the rate of fused multiply-adds that one thread reaches with everything in registers, in operations a
/// second (two for each multiply-add). A kernel's rate is a share of it.
///
/// - Parameter seconds: The clock that is asked before and after.
public func measuredPeakRate(clock seconds: () -> Double) -> Double {
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
