import Kernels
import Testing

/// A matrix in memory: leading dimension wider than its rows, the gaps left as NaN.
private func matrix(_ values: [Float], rows: Int, columns: Int, leading: Int) -> GuardedBuffer {
  let buffer = GuardedBuffer(rows * leading)
  for row in 0..<rows {
    for column in 0..<columns { buffer.base[row * leading + column] = values[row * columns + column] }
  }
  return buffer
}

@Test(arguments: [Operand.plain, .transposed], [Operand.plain, .transposed])
func matrixProductIsItsDefinition(operandA: Operand, operandB: Operand) {
  MatrixLibrary.useCallingThreadOnly()
  for (turn, (rows, columns, depth)) in [
    (1, 1, 1), (2, 3, 4), (1, 7, 5), (7, 1, 5), (17, 33, 3), (16, 10, 784), (128, 65, 40), (33, 31, 257),
  ].enumerated() {
    for gap in [0, 3] {
      let seed = 100 * turn + gap
      var numbers = SeededNumbers(seed)
      let (a, b) = (numbers.floats(rows * depth), numbers.floats(depth * columns))
      let (aRows, aColumns) = operandA == .plain ? (rows, depth) : (depth, rows)
      let (bRows, bColumns) = operandB == .plain ? (depth, columns) : (columns, depth)
      let left = matrix(a, rows: aRows, columns: aColumns, leading: aColumns + gap)
      let right = matrix(b, rows: bRows, columns: bColumns, leading: bColumns + gap)
      let c = GuardedBuffer(rows * (columns + gap))
      matrixProduct(
        left.base, operandA, leadingA: aColumns + gap, right.base, operandB, leadingB: bColumns + gap, into: c.base,
        leadingC: columns + gap, rows: rows, columns: columns, depth: depth)

      var product: [Float] = []
      var (expected, magnitude): ([Double], [Double]) = ([], [])
      for i in 0..<rows {
        for j in 0..<columns {
          product.append(c.base[i * (columns + gap) + j])
          let terms = (0..<depth).map { k in
            Double(operandA == .plain ? a[i * depth + k] : a[k * rows + i])
              * Double(operandB == .plain ? b[k * columns + j] : b[j * depth + k])
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
    nothing.base, .plain, leadingA: 1, nothing.base, .plain, leadingB: 3, into: c.base, leadingC: 3, rows: 2,
    columns: 3, depth: 0)
  #expect(c.values == [0, 0, 0, 0, 0, 0])
}

@Test func aProductOfNoRowsTouchesNothing() {
  let c = GuardedBuffer(3)
  let b = GuardedBuffer([1, 2, 3])
  matrixProduct(
    b.base, .plain, leadingA: 1, b.base, .plain, leadingB: 3, into: c.base, leadingC: 3, rows: 0, columns: 3, depth: 1)
  #expect(c.values.allSatisfy { $0.isNaN })
}

@Test func openBLASNamesItself() {
  #expect(MatrixLibrary.version.hasPrefix("OpenBLAS"))
  #expect(!MatrixLibrary.kernelName.isEmpty)
}
