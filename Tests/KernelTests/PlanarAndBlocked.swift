import Kernels

/// Position of a value in a blocked map [blocks][height][width][16], straight from the layout's definition.
func blockedIndex(_ channel: Int, _ row: Int, _ column: Int, height: Int, width: Int) -> Int {
  ((channel / 16 * height + row) * width + column) * 16 + channel % 16
}

/// A planar map (channels, height, width) as a blocked one with zeros beyond the real channels.
func blocked(_ planar: [Float], channels: Int, height: Int, width: Int) -> [Float] {
  var result = [Float](repeating: 0, count: (channels + 15) / 16 * 16 * height * width)
  for channel in 0..<channels {
    for row in 0..<height {
      for column in 0..<width {
        result[blockedIndex(channel, row, column, height: height, width: width)] =
          planar[(channel * height + row) * width + column]
      }
    }
  }
  return result
}

/// The real channels of a blocked map as a planar one (channels, height, width).
func planar(_ blocked: [Float], channels: Int, height: Int, width: Int) -> [Float] {
  var result: [Float] = []
  for channel in 0..<channels {
    for row in 0..<height {
      for column in 0..<width {
        result.append(blocked[blockedIndex(channel, row, column, height: height, width: width)])
      }
    }
  }
  return result
}

/// The values of a blocked map beyond its real channels.
func beyond(_ blocked: [Float], channels: Int, height: Int, width: Int) -> [Float] {
  let all = (channels + 15) / 16 * 16
  return Array(planar(blocked, channels: all, height: height, width: width)[(channels * height * width)...])
}

/// One number a channel, filled up to whole blocks with zeros.
func filled(_ perChannel: [Float]) -> [Float] {
  perChannel + [Float](repeating: 0, count: (16 - perChannel.count % 16) % 16)
}

/// f(y) of Eqn 1 on a planar map, in Double.
func activatedReference(_ planar: [Float], slopes: [Float]?) -> [Double] {
  guard let slopes else { return planar.map(Double.init) }
  let pixels = planar.count / slopes.count
  return planar.enumerated().map { index, y in
    ActivationReference.output(Double(y), slope: Double(slopes[index / pixels]))
  }
}
