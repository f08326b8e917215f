/// Transposes a 16×16 matrix: target[j][i] = source[i][j], with rows `sourceStep` and `targetStep` floats apart.
///
/// The columns are dealt out to an upper and a lower half four times. Each deal rotates the address (row bits, column
/// bits) by one bit, and after four rotations rows and columns have changed places.
@inline(__always)
func transpose16(
  _ source: UnsafePointer<Float>, _ sourceStep: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * blockWidth * blockWidth) { memory in
    let first = memory.baseAddress!
    let second = first + blockWidth &* blockWidth
    deal(source, sourceStep, first, blockWidth)
    deal(first, blockWidth, second, blockWidth)
    deal(second, blockWidth, first, blockWidth)
    deal(first, blockWidth, target, targetStep)
  }
}

/// Makes row i of the even columns of rows 2i and 2i + 1, and row i + 8 of their odd ones.
@inline(__always)
private func deal(
  _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
) {
  var i = 0
  while i < blockWidth / 2 {
    let pair = SIMD32<Float>(lowHalf: load(source + 2 &* i &* step), highHalf: load(source + (2 &* i &+ 1) &* step))
    store(pair.evenHalf, target + i &* targetStep)
    store(pair.oddHalf, target + (i &+ blockWidth / 2) &* targetStep)
    i &+= 1
  }
}
