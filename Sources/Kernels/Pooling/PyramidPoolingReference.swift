import System

/// Spatial pyramid pooling straight from its definition, in Double, on planar maps of one image: `PyramidPooling` is
/// held against it.
public struct PyramidPoolingReference: Sendable {
  public let input: Extents
  public let levels: [Int]

  public init(_ input: Extents, levels: [Int]) {
    self.input = input
    self.levels = levels
  }

  /// Returns the maximum of each bin, in the order of the features: level, channel, bin row, bin column. Without levels
  /// every value is a bin of its own.
  public func maxima(_ map: [Double]) -> [ReferenceMaximum] {
    var maxima: [ReferenceMaximum] = []
    for (gridRows, gridColumns) in levels.isEmpty ? [(input.height, input.width)] : levels.map({ ($0, $0) }) {
      for channel in 0..<input.channels {
        for bin in 0..<gridRows * gridColumns {
          let rows = span(bin / gridColumns, of: gridRows, input.height)
          let columns = span(bin % gridColumns, of: gridColumns, input.width)
          let places = rows.flatMap { y in columns.map { x in (channel * input.height + y) * input.width + x } }
          maxima.append(ReferenceMaximum(of: map, places))
        }
      }
    }
    return maxima
  }

  /// Returns the input's gradient: each feature's goes to the place of its maximum.
  public func inputGradient(_ maxima: [ReferenceMaximum], dFeatures: [Double]) -> [Double] {
    scattered(dFeatures, to: maxima, count: input.count)
  }

  /// Returns bin i of n on a side of `extent` pixels: ⌊i·extent/n⌋ … ⌈(i+1)·extent/n⌉.
  private func span(_ i: Int, of n: Int, _ extent: Int) -> Range<Int> {
    let end = (i + 1) * extent
    return i * extent / n..<(end % n == 0 ? end / n : end / n + 1)
  }
}
