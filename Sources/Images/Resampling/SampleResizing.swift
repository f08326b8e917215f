import System

/// Resizes images of equal extents to any of some sizes, for training. It applies the triangle filter only to the part
/// that a crop shows.
struct SampleResizing: Sendable {
  private let extents: Extents
  private let filters: [Extents: (rows: Filter, columns: Filter)]

  /// The values of a `TriangleFilter` in single precision.
  private struct Filter: Sendable {
    let taps: Int
    let firsts: [Int]
    let weights: [Float]

    init(from source: Int, to target: Int) {
      let filter = TriangleFilter(from: source, to: target)
      (taps, firsts, weights) = (filter.taps, filter.firsts, filter.weights.map { Float($0) })
    }
  }

  init(_ extents: Extents, to sides: ClosedRange<Int>?) {
    self.extents = extents
    let sizes = Set((sides.map { Array($0) } ?? []).map { extents.resized(shorterSide: $0) })
    filters = Dictionary(
      uniqueKeysWithValues: sizes.map {
        ($0, (Filter(from: extents.height, to: $0.height), Filter(from: extents.width, to: $0.width)))
      })
  }

  /// Writes the crop that `draw` describes of (pixel − mean) · scale to `output`, (channels, height, width).
  func load(
    _ pixels: UnsafePointer<UInt8>, _ mean: UnsafePointer<Float>, scale: Float, _ draw: Augmentation.Draw,
    into output: UnsafeMutablePointer<Float>
  ) {
    guard let (rows, columns) = filters[draw.extents] else {
      preconditionFailure("\(draw.extents) is none of the sizes that images of \(extents) are resized to")
    }
    let (height, width) = (extents.height, extents.width)
    output.update(repeating: 0, count: extents.count)
    // The image covers these rows and columns of the crop.
    let shownRows = shown(draw.rows, of: draw.extents.height, in: height)
    let shownColumns = shown(draw.columns, of: draw.extents.width, in: width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: height * width) { memory in
      let narrowed = memory.baseAddress!
      for channel in 0..<extents.channels {
        // The first pass makes the crop's columns, in the image's own rows.
        let plane = channel * height * width
        for y in 0..<height {
          let (pixel, mean) = (pixels + plane + y * width, mean + plane + y * width)
          for x in shownColumns {
            let column = x + draw.columns
            let (first, weight) = (columns.firsts[column], column * columns.taps)
            var sum: Float = 0
            for tap in 0..<columns.taps {
              sum += columns.weights[weight + tap] * (Float(pixel[first + tap]) - mean[first + tap])
            }
            narrowed[y * width + x] = sum
          }
        }
        for y in shownRows {
          let row = y + draw.rows
          let target = output + plane + y * width
          for tap in 0..<rows.taps {
            let weight = rows.weights[row * rows.taps + tap] * scale
            let source = narrowed + (rows.firsts[row] + tap) * width
            for x in shownColumns { target[draw.mirrored ? width - 1 - x : x] += weight * source[x] }
          }
        }
      }
    }
  }

  private func shown(_ shift: Int, of length: Int, in crop: Int) -> Range<Int> {
    let first = min(max(0, -shift), crop)
    return first..<max(first, min(crop, length - shift))
  }
}
