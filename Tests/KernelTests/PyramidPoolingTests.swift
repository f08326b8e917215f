import Kernels
import Randomness
import System
import Testing

private let levelLists = [[], [1], [2], [2, 1], [3, 2, 1], [6, 3, 2, 1], [7, 3, 2, 1], [4]]
private let maps = [(1, 1), (1, 5), (2, 3), (3, 3), (5, 7), (7, 7), (9, 13), (14, 14), (18, 18)]

@Test(arguments: levelLists, [1, 3, 16, 17, 33])
func pyramidPoolingIsItsDefinition(levels: [Int], channels: Int) {
  for (turn, (height, width)) in maps.enumerated() {
    let seed = 3000 + turn * 100 + channels
    var numbers = SplitMix64(seed)
    let pooling = PyramidPooling(
      input: BlockedExtents(channels: channels, height: height, width: width), levels: levels)
    let input = numbers.wholeNumbers(channels * height * width)
    let reference = PyramidPoolingReference(pooling.input.planar, levels: levels)
    let count = channels * (levels.isEmpty ? height * width : levels.reduce(0) { $0 + $1 * $1 })
    #expect(pooling.featureCount == count)
    let dFeatures = numbers.wholeNumbers(count, in: 1...9)
    for slopes in [nil, numbers.slopes(channels)] {
      // One product in Float: its rounded exact value.
      let f = activatedReference(input, slopes: slopes).map { Double(Float($0)) }
      let maxima = reference.maxima(f)
      let dExpected = reference.inputGradient(maxima, dFeatures: dFeatures.map(Double.init)).map { Float($0) }

      let source = GuardedBuffer(blocked(input, channels: channels, height: height, width: width))
      let a = slopes.map { GuardedBuffer(filled($0)) }
      let features = GuardedBuffer(count)
      let chosen = UnsafeMutablePointer<Int32>.allocate(capacity: count + 1)
      defer { chosen.deallocate() }
      chosen.initialize(repeating: -1, count: count + 1)
      pooling.forward(
        PendingMap(values: source.base, slopes: a.map { UnsafePointer($0.base) }), features: features.base,
        chosen: chosen)
      #expect(features.values == maxima.map { Float($0.value) }, "\(height)×\(width), seed \(seed)")
      let places = maxima.map { Int32(pooling.input.place(ofPlanar: $0.place)) }
      #expect((0..<count).map { chosen[$0] } == places, "\(height)×\(width), seed \(seed)")
      #expect(chosen[count] == -1)

      let dInput = GuardedBuffer(pooling.input.count)
      pooling.backward(dFeatures: dFeatures, chosen: chosen, dInput: dInput.base)
      #expect(
        dInput.values == blocked(dExpected, channels: channels, height: height, width: width),
        "\(height)×\(width), seed \(seed)")
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
    let source = GuardedBuffer(blocked(values, channels: 1, height: 2, width: 2))
    pooling.forward(PendingMap(values: source.base), features: feature.base, chosen: &chosen)
    #expect(feature.values[0].isNaN, "NaN at \(position)")
    #expect(chosen == Int32(position * 16))
  }
}

/// Worked by hand: the rows 1 2 3 / 4 5 6 / 9 8 7 in bins of 2×2, which share the middle row and column, and as a
/// whole.
@Test func referencePyramidByHand() {
  let reference = PyramidPoolingReference(Extents(channels: 1, height: 3, width: 3), levels: [2, 1])
  let maxima = reference.maxima([1, 2, 3, 4, 5, 6, 9, 8, 7])
  #expect(maxima.map(\.value) == [5, 6, 9, 8, 9] && maxima.map(\.place) == [4, 5, 6, 7, 6])
  #expect(reference.inputGradient(maxima, dFeatures: [1, 2, 3, 4, 10]) == [0, 0, 0, 0, 1, 2, 13, 4, 0])
}
