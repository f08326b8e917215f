/// Makes a crop of a resized picture, planar and normalized for a network, from only the pixels that the crop needs.
///
/// Values are not rounded to integers on the way, unlike those that Pillow and PyTorch compute for bytes.
final class CropResampling {
  /// The conversion of the crop's values: (value + shift − mean) · scale, mirrored last.
  struct Finish {
    /// The shift that is added to red, green and blue.
    var shift = SIMD3<Float>()
    /// The mean, (3, height, width) of the crop; nil if there is nothing to subtract.
    var mean: UnsafePointer<Float>?
    var scale: Float
    var mirrored: Bool
  }

  /// The weighted sums of rows: (columns, 4).
  private var sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)
  /// One row of the crop: (width, 4).
  private var row = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)

  deinit {
    sums.deallocate()
    row.deallocate()
  }

  /// Writes the crop whose rows and columns the filters describe to `output`, (3, height, width).
  func run(
    _ region: PixelRegion, rows: TriangleFilter, columns: TriangleFilter, finish: Finish,
    output: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (rows.firsts.count, columns.firsts.count)
    precondition(
      region.top <= rows.span.lowerBound && rows.span.upperBound <= region.top + region.rows
        && region.left <= columns.span.lowerBound && columns.span.upperBound <= region.left + region.columns,
      "a crop of rows \(rows.span) and columns \(columns.span) from a region that lacks some")
    reserve(&sums, 4 * region.columns)
    reserve(&row, 4 * width)
    let columnWeights = columns.weights.map { Float($0) }
    let columnFirsts = columns.firsts.map { Int32(4 * ($0 - region.left)) }
    let (sums, row) = (sums.baseAddress!, row.baseAddress!)
    for y in 0..<height {
      let first = region.pixels + (rows.firsts[y] - region.top) * 4 * region.columns
      sumRows(first, stride: 4 * region.columns, rows.weights, y * rows.taps, rows.taps, sums)
      columnWeights.withUnsafeBufferPointer { weights in
        columnFirsts.withUnsafeBufferPointer { firsts in
          sumColumns(sums, firsts.baseAddress!, weights.baseAddress!, taps: columns.taps, count: width, row)
        }
      }
      let plane = height * width
      for channel in 0..<3 {
        let place = channel * plane + y * width
        let shift = finish.shift[channel]
        guard let mean = finish.mean else {
          precondition(!finish.mirrored, "a crop without a mean is for testing, which mirrors by itself")
          pick(row + channel, shift, finish.scale, width, output + place)
          continue
        }
        if finish.mirrored {
          subtractReversed(row + channel, mean + place, shift, finish.scale, width, output + place)
        } else {
          subtract(row + channel, mean + place, shift, finish.scale, width, output + place)
        }
      }
    }
  }

  private func reserve(_ buffer: inout UnsafeMutableBufferPointer<Float>, _ count: Int) {
    guard buffer.count < count else { return }
    buffer.deallocate()
    buffer = .allocate(capacity: count + count / 2)
  }
}

/// Adds `taps` rows of `stride` bytes each, weighted.
private func sumRows(
  _ pixels: UnsafePointer<UInt8>, stride: Int, _ weights: [Double], _ firstWeight: Int, _ taps: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  var isFirst = true
  for tap in 0..<taps {
    let weight = Float(weights[firstWeight + tap])
    if weight == 0, !(isFirst && tap == taps - 1) { continue }
    let row = pixels + tap * stride
    var index = 0
    if isFirst {
      while index < stride {
        sums[index] = Float(row[index]) * weight
        index &+= 1
      }
      isFirst = false
    } else {
      while index < stride {
        sums[index] = sums[index].addingProduct(Float(row[index]), weight)
        index &+= 1
      }
    }
  }
}

/// Adds `taps` neighboring pixels for each of `count` new ones, weighted.
private func sumColumns(
  _ sums: UnsafePointer<Float>, _ firsts: UnsafePointer<Int32>, _ weights: UnsafePointer<Float>, taps: Int,
  count: Int, _ row: UnsafeMutablePointer<Float>
) {
  for x in 0..<count {
    let source = UnsafeRawPointer(sums + Int(firsts[x]))
    let weight = weights + x &* taps
    var sum = source.loadUnaligned(as: SIMD4<Float>.self) * weight[0]
    var tap = 1
    while tap < taps {
      sum.addProduct(source.loadUnaligned(fromByteOffset: 16 &* tap, as: SIMD4<Float>.self), weight[tap])
      tap &+= 1
    }
    UnsafeMutableRawPointer(row + 4 &* x).storeBytes(of: sum, as: SIMD4<Float>.self)
  }
}

/// Takes every fourth element of `values`.
private func pick(
  _ values: UnsafePointer<Float>, _ shift: Float, _ scale: Float, _ count: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<count { output[index] = (values[4 &* index] + shift) * scale }
}

/// Takes every fourth element of `values`.
private func subtract(
  _ values: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ shift: Float, _ scale: Float, _ count: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  var index = 0
  while index < count {
    output[index] = (values[4 &* index] + shift - mean[index]) * scale
    index &+= 1
  }
}

private func subtractReversed(
  _ values: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ shift: Float, _ scale: Float, _ count: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  let last = output + (count - 1)
  var index = 0
  while index < count {
    last[0 &- index] = (values[4 &* index] + shift - mean[index]) * scale
    index &+= 1
  }
}
