import System

/// Resamples a planar image to another height and width by the triangle filter, or only a wanted part of the result:
/// (channels, rows, columns). `pixel` returns the image's value at a position in (channels, height, width). If the
/// extents do not change, neither do the values, and a part has the same bits as in the whole.
func resample(
  _ extents: Extents, to target: PlaneExtents, rows wantedRows: Range<Int>? = nil,
  columns wantedColumns: Range<Int>? = nil, pixel: (Int) -> Float
) -> [Float] {
  func filter(_ source: Int, _ target: Int, _ part: Range<Int>?) -> TriangleFilter {
    TriangleFilter(length: Double(source), available: source, to: target, part: part ?? 0..<target)
  }
  let columns = filter(extents.width, target.width, wantedColumns)
  let rows = filter(extents.height, target.height, wantedRows)
  let (rowCount, columnCount) = (rows.firsts.count, columns.firsts.count)
  let span = rows.span
  var result = [Float](repeating: 0, count: extents.channels * rowCount * columnCount)
  var narrowed = [Float](repeating: 0, count: span.count * columnCount)
  for channel in 0..<extents.channels {
    for y in span {
      let row = (channel * extents.height + y) * extents.width
      let target = (y - span.lowerBound) * columnCount
      for x in 0..<columnCount {
        narrowed[target + x] = columns.sum(at: x) { pixel(row + $0) }
      }
    }
    for y in 0..<rowCount {
      for x in 0..<columnCount {
        result[(channel * rowCount + y) * columnCount + x] = rows.sum(at: y) {
          narrowed[($0 - span.lowerBound) * columnCount + x]
        }
      }
    }
  }
  return result
}

/// The weights with which the positions of one line make those of another, or of a part of it.
///
/// In enlarging, this is bilinear interpolation. In reducing, the triangle is as wide as the pixels it gathers, so that
/// none is skipped and no aliasing appears, as in Pillow's BILINEAR and PyTorch's with antialiasing.
struct TriangleFilter {
  /// The first of the old positions that each new one gathers.
  let firsts: [Int]
  /// The number of old positions that each new one gathers. It is the same for all; some have the weight 0.
  let taps: Int
  /// The weights: (new positions, taps). Each position's weights add up to 1.
  let weights: [Double]

  init(from source: Int, to target: Int) {
    self.init(length: Double(source), available: source, to: target, part: 0..<target)
  }

  /// - Parameters:
  ///   - length: The length of the old line, in its positions. A line that was scaled down before may end within its
  ///     last one.
  ///   - available: The number of whole positions that the old line has.
  ///   - target: The number of positions of the new line.
  ///   - part: The wanted positions of the new line.
  init(length: Double, available: Int, to target: Int, part: Range<Int>) {
    precondition(
      length > 0 && available > 0 && target > 0 && 0 <= part.lowerBound && part.upperBound <= target,
      "positions \(part) of \(target) cannot be made of a line of \(length)")
    let scale = length / Double(target)
    // The reach is half the triangle's width, in old pixels.
    let reach = max(scale, 1)
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(part.count)
    for position in part {
      // Pixels are areas: the middle of the first is at 0.5.
      let center = (Double(position) + 0.5) * scale
      let first = min(max(0, Int(center - reach + 0.5)), available - 1)
      ranges.append(first..<max(first + 1, min(available, Int(center + reach + 0.5))))
    }
    let taps = ranges.map(\.count).max() ?? 0
    var firsts: [Int] = []
    firsts.reserveCapacity(part.count)
    var weights = [Double](repeating: 0, count: part.count * taps)
    for (place, position) in part.enumerated() {
      let center = (Double(position) + 0.5) * scale
      let range = ranges[place]
      // At the line's end the window moves back; the positions before have the weight 0.
      let start = min(range.lowerBound, available - taps)
      var total = 0.0
      for index in range {
        let weight = max(0, 1 - abs(Double(index) + 0.5 - center) / reach)
        weights[place * taps + index - start] = weight
        total += weight
      }
      if total > 0 {
        for index in place * taps..<(place + 1) * taps { weights[index] /= total }
      } else {
        weights[place * taps + range.upperBound - 1 - start] = 1
      }
      firsts.append(start)
    }
    self.firsts = firsts
    self.taps = taps
    self.weights = weights
  }

  /// The range of old positions that are gathered.
  var span: Range<Int> {
    guard let first = firsts.min(), let last = firsts.max() else { return 0..<0 }
    return first..<last + taps
  }

  /// Returns the weighted sum of the old values that belong to the new position at `place`.
  func sum(at place: Int, value: (Int) -> Float) -> Float {
    let start = firsts[place]
    var sum = 0.0
    for tap in 0..<taps {
      let weight = weights[place * taps + tap]
      if weight != 0 { sum += weight * Double(value(start + tap)) }
    }
    return Float(sum)
  }
}
