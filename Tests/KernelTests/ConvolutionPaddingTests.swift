import Kernels
import Randomness
import System
import Testing

/// A blocked map put between zeros: row and column of the target's pixel → the source's, nil outside.
private struct Placement: Sendable {
  var channels: Int
  var height: Int
  var width: Int
  var stride: Int
  var before: Int
  var paddedHeight: Int
  var paddedWidth: Int

  func source(_ target: Int, _ extent: Int) -> Int? {
    let distance = target - before
    guard distance >= 0, distance % stride == 0, distance / stride < extent else { return nil }
    return distance / stride
  }

  func expected(_ planarValues: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: channels * paddedHeight * paddedWidth)
    for channel in 0..<channels {
      for row in 0..<paddedHeight {
        for column in 0..<paddedWidth {
          guard let y = source(row, height), let x = source(column, width) else { continue }
          result[(channel * paddedHeight + row) * paddedWidth + column] =
            planarValues[(channel * height + y) * width + x]
        }
      }
    }
    return result
  }
}

@Test(arguments: [1, 3, 15, 16, 17, 33, 48], [0, 1, 2, 3])
func padActivatedPutsTheActivatedMapBetweenZeros(channels: Int, padding: Int) {
  // Targets that show all of the map, a part of it, and nothing but padding.
  for (height, width, rows, columns) in [
    (1, 1, 7, 7), (4, 5, 4 + 2 * padding, 5 + 2 * padding), (4, 5, 3, 4), (5, 14, 9, 13), (2, 2, 1, 1), (3, 3, 2, 9),
  ] {
    let seed = channels * 100 + padding
    var numbers = SplitMix64(seed)
    let values = numbers.floats(channels * height * width)
    for slopes in [nil, numbers.slopes(channels)] {
      let placement = Placement(
        channels: channels, height: height, width: width, stride: 1, before: padding, paddedHeight: rows,
        paddedWidth: columns)
      let target = GuardedBuffer((channels + 15) / 16 * 16 * rows * columns)
      let a = slopes.map { GuardedBuffer(filled($0)) }
      let source = GuardedBuffer(blocked(values, channels: channels, height: height, width: width))
      padActivated(
        PendingMap(values: source.base, slopes: a.map { UnsafePointer($0.base) }),
        BlockedExtents(channels: channels, height: height, width: width), padding: padding, into: target.base,
        PlaneExtents(height: rows, width: columns))
      // One product in Float: its rounded exact value.
      let expected = placement.expected(activatedReference(values, slopes: slopes).map { Float($0) })
      #expect(
        target.values == blocked(expected, channels: channels, height: rows, width: columns),
        "\(height)×\(width) into \(rows)×\(columns), seed \(seed)")
      #expect(target.isIntactAround)
    }
  }
}

@Test(arguments: [1, 2, 3], [-3, -1, 0, 1, 2, 6])
func spreadGradientPutsPixelsAStrideApart(stride: Int, before: Int) {
  for (channels, height, width, rows, columns) in [
    (1, 1, 1, 7, 7), (17, 4, 5, 4 * stride + 3, 5 * stride + 3), (16, 4, 5, 3, 4), (3, 2, 9, 1, 1), (33, 5, 2, 14, 2),
  ] {
    let seed = stride * 100 + before
    var numbers = SplitMix64(seed)
    let values = numbers.floats(channels * height * width)
    let placement = Placement(
      channels: channels, height: height, width: width, stride: stride, before: before, paddedHeight: rows,
      paddedWidth: columns)
    let target = GuardedBuffer((channels + 15) / 16 * 16 * rows * columns)
    spreadGradient(
      blocked(values, channels: channels, height: height, width: width),
      BlockedExtents(channels: channels, height: height, width: width),
      GradientSpread(stride: stride, before: before), into: target.base, PlaneExtents(height: rows, width: columns))
    #expect(
      target.values == blocked(placement.expected(values), channels: channels, height: rows, width: columns),
      "\(channels)×\(height)×\(width) into \(rows)×\(columns), seed \(seed)")
    #expect(target.isIntactAround)
  }
}
