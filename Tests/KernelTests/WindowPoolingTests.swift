import Kernels
import Randomness
import System
import Testing

/// Each window's features are those of the window pooled alone, bit by bit, whatever lies in the memory before.
@Test(arguments: [[], [1], [2, 1], [3, 2, 1], [7, 3, 2, 1]], [1, 16, 21])
func windowsArePooledAsAlone(levels: [Int], channels: Int) {
  let cases = [(1, 1, 1, 1), (3, 5, 3, 5), (5, 4, 2, 3), (9, 14, 7, 7), (8, 8, 7, 8), (14, 17, 14, 14)]
  for (turn, (height, width, windowHeight, windowWidth)) in cases.enumerated() {
    let seed = 7000 + 100 * turn + channels
    var numbers = SplitMix64(seed)
    let map = BlockedExtents(channels: channels, height: height, width: width)
    let pooling = WindowPooling(
      map: map, window: PlaneExtents(height: windowHeight, width: windowWidth), levels: levels)
    let alone = PyramidPooling(
      input: BlockedExtents(channels: channels, height: windowHeight, width: windowWidth), levels: levels)
    #expect(pooling.windowRows == height - windowHeight + 1 && pooling.windowColumns == width - windowWidth + 1)
    #expect(pooling.featureCount == alone.featureCount)
    var input = numbers.floats(channels * height * width)
    // The largest of what it lies in, as a loss must show.
    if turn == 3 { input[input.count / 2] = .nan }
    for slopes in [nil, numbers.slopes(channels)] {
      let source = GuardedBuffer(blocked(input, channels: channels, height: height, width: width))
      let a = slopes.map { GuardedBuffer(filled($0)) }
      let pointer = a.map { UnsafePointer($0.base) }
      let maxima = GuardedBuffer(pooling.maximaCount)
      pooling.maxima(PendingMap(values: source.base, slopes: pointer), into: maxima.base)
      #expect(maxima.isIntactAround)
      for row in 0..<pooling.windowRows {
        for column in 0..<pooling.windowColumns {
          let own = (0..<channels).flatMap { channel in
            (row..<row + windowHeight).flatMap { y in
              (column..<column + windowWidth).map { x in input[(channel * height + y) * width + x] }
            }
          }
          let window = GuardedBuffer(blocked(own, channels: channels, height: windowHeight, width: windowWidth))
          let expected = GuardedBuffer(alone.featureCount)
          var chosen = [Int32](repeating: 0, count: alone.featureCount)
          alone.forward(
            PendingMap(values: window.base, slopes: pointer), features: expected.base, chosen: &chosen)
          let features = GuardedBuffer(pooling.featureCount)
          pooling.features(row: row, column: column, of: maxima.base, into: features.base)
          #expect(
            features.bits == expected.bits && features.isIntactAround,
            "window (\(row), \(column)) of \(height)×\(width), seed \(seed)")
        }
      }
    }
  }
}
