import System

/// The blocks of 16 filters by 16 channels of a convolution's weights (filters, channels, kernel, kernel), each as
/// [channel][tap][16 filters].
struct FilterBlocks: Sendable {
  let filters: Int
  let channels: Int
  /// The number of places under the filter.
  let taps: Int
  /// The precision of the weights that are loaded.
  let precision: Precision

  init(_ shape: ConvolutionShape, precision: Precision = .float32) {
    (filters, channels) = (shape.filters, shape.channels)
    taps = shape.kernel * shape.kernel
    self.precision = precision
  }

  /// The number of floats of a block.
  var count: Int { blockWidth * taps * blockWidth }

  private var row: Int { channels * taps }

  /// The real filters and channels of a block, and the place of its first weight.
  private func extents(_ k: Int, _ c: Int) -> (filters: Int, channels: Int, corner: Int) {
    (
      max(0, min(blockWidth, filters - k * blockWidth)), max(0, min(blockWidth, channels - c * blockWidth)),
      k * blockWidth * row + c * blockWidth * taps
    )
  }

  /// Writes the weights of filter block k and channel block c in the precision, zero where there are none.
  func load(_ weights: UnsafePointer<Float>, _ k: Int, _ c: Int, into block: UnsafeMutablePointer<Float>) {
    copy(weights, k, c, into: block)
    if precision == .bfloat16 { roundToBFloat16(block, count: count, into: block) }
  }

  private func copy(_ weights: UnsafePointer<Float>, _ k: Int, _ c: Int, into block: UnsafeMutablePointer<Float>) {
    let (filters, channels, start) = extents(k, c)
    let corner = weights + start
    if filters == blockWidth, channels == blockWidth {
      for part in 0..<taps {
        transpose16(corner + part * blockWidth, row, block + part * blockWidth * blockWidth, blockWidth)
      }
      return
    }
    block.update(repeating: 0, count: count)
    for filter in 0..<filters {
      for index in 0..<channels * taps { block[index * blockWidth + filter] = corner[filter * row + index] }
    }
  }

  /// Writes a block's real weights to their places.
  func store(_ block: UnsafePointer<Float>, _ k: Int, _ c: Int, into weights: UnsafeMutablePointer<Float>) {
    let (filters, channels, start) = extents(k, c)
    let corner = weights + start
    if filters == blockWidth, channels == blockWidth {
      for part in 0..<taps {
        transpose16(block + part * blockWidth * blockWidth, blockWidth, corner + part * blockWidth, row)
      }
    } else {
      for filter in 0..<filters {
        for index in 0..<channels * taps { corner[filter * row + index] = block[index * blockWidth + filter] }
      }
    }
  }

  /// Writes zeros to the places of a block's real weights.
  func clear(_ k: Int, _ c: Int, in weights: UnsafeMutablePointer<Float>) {
    let (filters, channels, start) = extents(k, c)
    for filter in 0..<filters { (weights + start + filter * row).update(repeating: 0, count: channels * taps) }
  }
}
