import Kernels
import Randomness
import Testing

/// A matrix in memory: leading dimension wider than its rows, the gaps left as NaN.
private func matrix(_ values: [Float], rows: Int, columns: Int, leading: Int) -> GuardedBuffer {
  let buffer = GuardedBuffer(rows * leading)
  for row in 0..<rows {
    for column in 0..<columns { buffer.base[row * leading + column] = values[row * columns + column] }
  }
  return buffer
}

@Test(arguments: [false, true], [false, true])
func matrixProductIsItsDefinition(isTransposedA: Bool, isTransposedB: Bool) {
  MatrixLibrary.useCallingThreadOnly()
  for (turn, (rows, columns, depth)) in [
    (1, 1, 1), (2, 3, 4), (1, 7, 5), (7, 1, 5), (17, 33, 3), (16, 10, 784), (128, 65, 40), (33, 31, 257),
  ].enumerated() {
    for gap in [0, 3] {
      let seed = 100 * turn + gap
      var numbers = SplitMix64(seed)
      let (a, b) = (numbers.floats(rows * depth), numbers.floats(depth * columns))
      let (aRows, aColumns) = isTransposedA ? (depth, rows) : (rows, depth)
      let (bRows, bColumns) = isTransposedB ? (columns, depth) : (depth, columns)
      let left = matrix(a, rows: aRows, columns: aColumns, leading: aColumns + gap)
      let right = matrix(b, rows: bRows, columns: bColumns, leading: bColumns + gap)
      let c = GuardedBuffer(rows * (columns + gap))
      matrixProduct(
        MatrixOperand(left.base, leading: aColumns + gap, isTransposed: isTransposedA),
        MatrixOperand(right.base, leading: bColumns + gap, isTransposed: isTransposedB),
        into: MatrixResult(c.base, leading: columns + gap),
        ProductExtents(rows: rows, columns: columns, depth: depth))

      var product: [Float] = []
      var (expected, magnitude): ([Double], [Double]) = ([], [])
      for i in 0..<rows {
        for j in 0..<columns {
          product.append(c.base[i * (columns + gap) + j])
          let terms = (0..<depth).map { k in
            Double(isTransposedA ? a[k * rows + i] : a[i * depth + k])
              * Double(isTransposedB ? b[j * depth + k] : b[k * columns + j])
          }
          expected.append(terms.reduce(0, +))
          magnitude.append(terms.reduce(0) { $0 + abs($1) })
        }
        #expect((0..<gap).allSatisfy { c.base[i * (columns + gap) + columns + $0].isNaN }, "seed \(seed)")
      }
      #expect(scaledError(product, expected, magnitude) < roundingBound, "\(rows)×\(columns)×\(depth), seed \(seed)")
      #expect(c.isIntactAround)
    }
  }
}

@Test func aProductOfNoDepthIsZero() {
  let c = GuardedBuffer(6)
  let nothing = GuardedBuffer(1)
  matrixProduct(
    MatrixOperand(nothing.base, leading: 1), MatrixOperand(nothing.base, leading: 3),
    into: MatrixResult(c.base, leading: 3), ProductExtents(rows: 2, columns: 3, depth: 0))
  #expect(c.values == [0, 0, 0, 0, 0, 0])
}

@Test func aProductOfNoRowsTouchesNothing() {
  let c = GuardedBuffer(3)
  let b = GuardedBuffer([1, 2, 3])
  matrixProduct(
    MatrixOperand(b.base, leading: 1), MatrixOperand(b.base, leading: 3), into: MatrixResult(c.base, leading: 3),
    ProductExtents(rows: 0, columns: 3, depth: 1))
  #expect(c.values.allSatisfy { $0.isNaN })
}

@Test func openBLASNamesItself() {
  #expect(MatrixLibrary.version.hasPrefix("OpenBLAS"))
  #expect(!MatrixLibrary.kernelName.isEmpty)
}
