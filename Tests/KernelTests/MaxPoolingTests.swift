import Kernels
import Randomness
import System
import Testing

/// A pooling's shape and the seed of its data.
struct PoolingCase: Sendable, CustomTestStringConvertible {
  var channels: Int
  var height: Int
  var width: Int
  var size: Int
  var stride: Int
  var seed: Int

  var testDescription: String {
    "\(channels) channels on \(height)×\(width), \(size)×\(size), stride \(stride), seed \(seed)"
  }

  /// Sizes and strides that overlap, touch and leave gaps, on maps as large as the window and larger.
  static let table: [PoolingCase] = {
    let channelCounts = [1, 3, 15, 16, 17, 33, 48]
    let extents = [1, 2, 3, 5, 7, 8, 13, 14, 28, 29]
    var cases: [PoolingCase] = []
    for size in 1...4 {
      for stride in 1...4 {
        for (height, width) in zip(extents, extents.reversed()) + [(size, size), (size, 2 * size + 1)] {
          cases.append(
            PoolingCase(
              channels: channelCounts[cases.count % 7], height: max(height, size), width: max(width, size), size: size,
              stride: stride, seed: 2000 + cases.count))
        }
      }
    }
    return cases
  }()
}

private func + <A, B>(pairs: Zip2Sequence<A, B>, more: [(A.Element, B.Element)]) -> [(A.Element, B.Element)] {
  Array(pairs) + more
}

@Test(arguments: PoolingCase.table)
func maxPoolingIsItsDefinition(shape: PoolingCase) {
  var numbers = SplitMix64(shape.seed)
  let (channels, height, width) = (shape.channels, shape.height, shape.width)
  let pooling = MaxPooling(
    input: BlockedExtents(channels: channels, height: height, width: width), size: shape.size, stride: shape.stride)
  let reference = MaxPoolingReference(pooling.input.planar, size: shape.size, stride: shape.stride)
  let rows = (height - shape.size) / shape.stride + 1
  let columns = (width - shape.size) / shape.stride + 1
  #expect(pooling.output == BlockedExtents(channels: channels, height: rows, width: columns))

  // Whole numbers: equal values in a window are common, and the gradient's sums are exact.
  let input = numbers.wholeNumbers(channels * height * width)
  let dOutput = numbers.wholeNumbers(channels * rows * columns, in: 1...9)
  for slopes in [nil, numbers.slopes(channels)] {
    // One product in Float: its rounded exact value.
    let f = activatedReference(input, slopes: slopes).map { Double(Float($0)) }
    let maxima = reference.maxima(f)
    let expected = maxima.map { Float($0.value) }
    let dExpected = reference.inputGradient(maxima, dOutput: dOutput.map(Double.init)).map { Float($0) }

    let map = GuardedBuffer(blocked(input, channels: channels, height: height, width: width))
    let a = slopes.map { GuardedBuffer(filled($0)) }
    let source = PendingMap(values: map.base, slopes: a.map { UnsafePointer($0.base) })
    let output = GuardedBuffer(pooling.output.count)
    pooling.forward(source, into: output.base)
    #expect(output.values == blocked(expected, channels: channels, height: rows, width: columns))

    let dInput = GuardedBuffer(pooling.input.count)
    pooling.backward(
      source, output: output.base,
      dOutput: blocked(dOutput, channels: channels, height: rows, width: columns),
      dInput: dInput.base)
    #expect(dInput.values == blocked(dExpected, channels: channels, height: height, width: width))
    #expect(output.isIntactAround && dInput.isIntactAround)
  }
}

@Test func aNaNAnywhereInTheWindowIsTheMaximum() {
  let pooling = MaxPooling(input: BlockedExtents(channels: 16, height: 2, width: 2), size: 2, stride: 2)
  for position in 0..<4 {
    var values = [Float](repeating: 5, count: 64)
    for lane in 0..<16 { values[position * 16 + lane] = .nan }
    let source = GuardedBuffer(values)
    let output = GuardedBuffer([Float](repeating: 0, count: 16))
    pooling.forward(PendingMap(values: source.base), into: output.base)
    #expect(output.values.allSatisfy { $0.isNaN }, "NaN at \(position)")
  }
}

/// Worked by hand: windows of 2×2, 1 apart, on 1 3 3 / 2 3 0.
@Test func referencePoolingByHand() {
  let reference = MaxPoolingReference(Extents(channels: 1, height: 2, width: 3), size: 2, stride: 1)
  let maxima = reference.maxima([1, 3, 3, 2, 3, 0])
  #expect(reference.output == Extents(channels: 1, height: 1, width: 2))
  // Of equal values the first one counts, row by row.
  #expect(maxima.map(\.value) == [3, 3] && maxima.map(\.place) == [1, 1] && maxima.map(\.rival) == [3, 3])
  #expect(reference.inputGradient(maxima, dOutput: [1, 10]) == [0, 11, 0, 0, 0, 0])
}
