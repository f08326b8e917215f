import Kernels
import Randomness
import System
import Testing

@Test(arguments: PoolingCase.table)
func averagePoolingIsItsDefinition(shape: PoolingCase) {
  var numbers = SplitMix64(shape.seed)
  let (channels, height, width) = (shape.channels, shape.height, shape.width)
  let pooling = AveragePooling(
    input: BlockedExtents(channels: channels, height: height, width: width), size: shape.size, stride: shape.stride)
  let reference = AveragePoolingReference(pooling.input.planar, size: shape.size, stride: shape.stride)
  let rows = (height - shape.size) / shape.stride + 1
  let columns = (width - shape.size) / shape.stride + 1
  #expect(pooling.output == BlockedExtents(channels: channels, height: rows, width: columns))

  // Whole numbers times quarters, and gradients that the windows' pixels divide: all sums are exact.
  let input = numbers.wholeNumbers(channels * height * width)
  let quarters = numbers.wholeNumbers(channels, in: -6...8).map { $0 / 4 }
  let dOutput = numbers.wholeNumbers(channels * rows * columns, in: 1...9).map { $0 * Float(shape.size * shape.size) }
  let dExpected = reference.inputGradient(dOutput: dOutput.map(Double.init)).map { Float($0) }
  for slopes in [nil, quarters] {
    let expected = reference.means(activatedReference(input, slopes: slopes)).map { Float($0) }

    let map = GuardedBuffer(blocked(input, channels: channels, height: height, width: width))
    let a = slopes.map { GuardedBuffer(filled($0)) }
    let source = PendingMap(values: map.base, slopes: a.map { UnsafePointer($0.base) })
    let output = GuardedBuffer(pooling.output.count)
    pooling.forward(source, into: output.base)
    #expect(output.values == blocked(expected, channels: channels, height: rows, width: columns))
    #expect(output.isIntactAround)
  }
  let dInput = GuardedBuffer(pooling.input.count)
  pooling.backward(
    dOutput: blocked(dOutput, channels: channels, height: rows, width: columns), dInput: dInput.base)
  #expect(dInput.values == blocked(dExpected, channels: channels, height: height, width: width))
  #expect(dInput.isIntactAround)
}

/// A window as large as the map gives one mean a channel, good to a few units in the last place however many pixels.
@Test func aWholeMapIsAveragedToItsMean() {
  var numbers = SplitMix64(2500)
  let extents = Extents(channels: 21, height: 56, width: 56)
  let pooling = AveragePooling(input: BlockedExtents(extents), size: 56, stride: 1)
  let input = numbers.floats(extents.count, in: 0...1)
  let source = GuardedBuffer(blocked(input, channels: 21, height: 56, width: 56))
  let output = GuardedBuffer(pooling.output.count)
  pooling.forward(PendingMap(values: source.base), into: output.base)
  let expected = AveragePoolingReference(extents, size: 56, stride: 1).means(input.map(Double.init))
  #expect(pooling.output == BlockedExtents(channels: 21, height: 1, width: 1) && output.isIntactAround)
  for (channel, mean) in expected.enumerated() {
    #expect(abs(Double(output.values[channel]) - mean) < 1e-6 * mean, "channel \(channel)")
  }
  #expect(output.values[21...].allSatisfy { $0 == 0 })
}

@Test func aNaNAnywhereInTheWindowIsTheMean() {
  let pooling = AveragePooling(input: BlockedExtents(channels: 16, height: 2, width: 2), size: 2, stride: 2)
  for position in 0..<4 {
    var values = [Float](repeating: 5, count: 64)
    for lane in 0..<16 { values[position * 16 + lane] = .nan }
    let source = GuardedBuffer(values)
    let output = GuardedBuffer([Float](repeating: 0, count: 16))
    pooling.forward(PendingMap(values: source.base), into: output.base)
    #expect(output.values.allSatisfy { $0.isNaN }, "NaN at \(position)")
  }
}

/// Worked by hand: windows of 2×2, 1 apart, on 1 3 3 / 2 4 0.
@Test func referenceAveragesByHand() {
  let reference = AveragePoolingReference(Extents(channels: 1, height: 2, width: 3), size: 2, stride: 1)
  #expect(reference.output == Extents(channels: 1, height: 1, width: 2))
  #expect(reference.means([1, 3, 3, 2, 4, 0]) == [2.5, 2.5])
  #expect(reference.inputGradient(dOutput: [4, 40]) == [1, 11, 10, 1, 11, 10])
}
