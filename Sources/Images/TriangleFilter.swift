/// Resamples a planar image to another height and width by the triangle filter. `pixel` gives the image's value at a
/// position in (channels, height, width).
///
/// Enlarging, this is bilinear interpolation. Reducing, the triangle is as wide as the pixels it gathers, so that none
/// is skipped and no pattern appears that was not there: the same as Pillow's BILINEAR, and as PyTorch's with
/// antialiasing. Kept extents keep every value.
func resample(_ extents: ImageExtents, height: Int, width: Int, pixel: (Int) -> Float) -> [Float] {
  let columns = TriangleFilter(from: extents.width, to: width)
  let rows = TriangleFilter(from: extents.height, to: height)
  var result = [Float](repeating: 0, count: extents.channels * height * width)
  var narrowed = [Float](repeating: 0, count: extents.height * width)
  for channel in 0..<extents.channels {
    for y in 0..<extents.height {
      let row = (channel * extents.height + y) * extents.width
      for x in 0..<width {
        narrowed[y * width + x] = columns.sum(at: x) { pixel(row + $0) }
      }
    }
    for y in 0..<height {
      for x in 0..<width {
        result[(channel * height + y) * width + x] = rows.sum(at: y) { narrowed[$0 * width + x] }
      }
    }
  }
  return result
}

/// The weights with which the positions of one line make those of another.
private struct TriangleFilter {
  /// For each position of the new line the old ones that it gathers.
  private let ranges: [Range<Int>]
  /// Where the weights of each new position begin in `weights`.
  private let starts: [Int]
  private let weights: [Double]

  init(from source: Int, to target: Int) {
    precondition(source > 0 && target > 0, "a line of \(source) cannot become one of \(target)")
    let scale = Double(source) / Double(target)
    // Half the triangle's width, in old pixels.
    let reach = max(scale, 1)
    var ranges: [Range<Int>] = []
    var starts: [Int] = []
    var weights: [Double] = []
    for position in 0..<target {
      // Pixels are areas: the middle of the first is at 0.5.
      let centre = (Double(position) + 0.5) * scale
      let first = max(0, Int(centre - reach + 0.5))
      let end = min(source, Int(centre + reach + 0.5))
      let raw = (first..<end).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
      let total = raw.reduce(0, +)
      ranges.append(first..<end)
      starts.append(weights.count)
      weights += raw.map { $0 / total }
    }
    self.ranges = ranges
    self.starts = starts
    self.weights = weights
  }

  /// The weighted sum of the old values that belong to new position `position`.
  func sum(at position: Int, value: (Int) -> Float) -> Float {
    let range = ranges[position]
    let start = starts[position] - range.lowerBound
    var sum = 0.0
    for index in range { sum += weights[start + index] * Double(value(index)) }
    return Float(sum)
  }
}
