import Kernels
import Testing

private let levelLists = [[], [1], [2], [2, 1], [3, 2, 1], [6, 3, 2, 1], [7, 3, 2, 1], [4]]
private let maps = [(1, 1), (1, 5), (2, 3), (3, 3), (5, 7), (7, 7), (9, 13), (14, 14), (18, 18)]

/// ⌊i·H/n⌋ … ⌈(i+1)·H/n⌉ in exact arithmetic.
private func bin(_ i: Int, of n: Int, _ extent: Int) -> Range<Int> {
  let end = (i + 1) * extent
  return i * extent / n..<(end % n == 0 ? end / n : end / n + 1)
}

@Test(arguments: levelLists, [1, 3, 16, 17, 33])
func pyramidPoolingIsItsDefinition(levels: [Int], channels: Int) {
  for (turn, (height, width)) in maps.enumerated() {
    let seed = 3000 + turn * 100 + channels
    var numbers = SeededNumbers(seed)
    let pooling = PyramidPooling(
      input: BlockedExtents(channels: channels, height: height, width: width), levels: levels)
    let input = numbers.wholeNumbers(channels * height * width)
    let grids = levels.isEmpty ? [(height, width)] : levels.map { ($0, $0) }
    let count = channels * grids.reduce(0) { $0 + $1.0 * $1.1 }
    #expect(pooling.featureCount == count)
    let dFeatures = numbers.wholeNumbers(count, in: 1...9)
    for slopes in [nil, numbers.slopes(channels)] {
      let f = activatedReference(input, slopes: slopes).map { Float($0) }
      var expected: [Float] = []
      var positions: [Int32] = []
      var dExpected = [Float](repeating: 0, count: pooling.input.count)
      for (rows, columns) in grids {
        for channel in 0..<channels {
          for i in 0..<rows {
            for j in 0..<columns {
              var best: (row: Int, column: Int)?
              func value(_ row: Int, _ column: Int) -> Float { f[(channel * height + row) * width + column] }
              for row in bin(i, of: rows, height) {
                for column in bin(j, of: columns, width) {
                  if let best, value(row, column) <= value(best.row, best.column) { continue }
                  best = (row, column)
                }
              }
              let (row, column) = best!
              let position = blockedIndex(channel, row, column, height: height, width: width)
              dExpected[position] += dFeatures[expected.count]
              expected.append(value(row, column))
              positions.append(Int32(position))
            }
          }
        }
      }

      let source = GuardedBuffer(blocked(input, channels: channels, height: height, width: width))
      let a = slopes.map { GuardedBuffer(filled($0)) }
      let features = GuardedBuffer(count)
      let chosen = UnsafeMutablePointer<Int32>.allocate(capacity: count + 1)
      defer { chosen.deallocate() }
      chosen.initialize(repeating: -1, count: count + 1)
      pooling.forward(
        source.base, slopes: a.map { UnsafePointer($0.base) }, features: features.base, chosen: chosen)
      #expect(features.values == expected, "\(height)×\(width), seed \(seed)")
      #expect((0..<count).map { chosen[$0] } == positions, "\(height)×\(width), seed \(seed)")
      #expect(chosen[count] == -1)

      let dInput = GuardedBuffer(pooling.input.count)
      pooling.backward(dFeatures: dFeatures, chosen: chosen, dInput: dInput.base)
      #expect(dInput.values == dExpected, "\(height)×\(width), seed \(seed)")
      #expect(features.isIntactAround && dInput.isIntactAround)
    }
  }
}

@Test func aNaNAnywhereInTheBinIsItsFeature() {
  let pooling = PyramidPooling(input: BlockedExtents(channels: 1, height: 2, width: 2), levels: [1])
  for position in 0..<4 {
    var values: [Float] = [5, 5, 5, 5]
    values[position] = .nan
    let feature = GuardedBuffer([0])
    var chosen: Int32 = -1
    pooling.forward(
      blocked(values, channels: 1, height: 2, width: 2), slopes: nil, features: feature.base,
      chosen: &chosen)
    #expect(feature.values[0].isNaN, "NaN at \(position)")
    #expect(chosen == Int32(position * 16))
  }
}
