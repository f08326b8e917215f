import System

/// Average pooling straight from its definition, in Double, on planar maps of one image: `AveragePooling` is held
/// against it.
public struct AveragePoolingReference: Sendable {
  public let input: Extents
  public let size: Int
  public let stride: Int

  public init(_ input: Extents, size: Int, stride: Int) {
    self.input = input
    self.size = size
    self.stride = stride
  }

  public var output: Extents {
    Extents(
      channels: input.channels, height: (input.height - size) / stride + 1, width: (input.width - size) / stride + 1)
  }

  /// Returns the mean of each window, (channels, H, W).
  public func means(_ map: [Double]) -> [Double] {
    (0..<output.count).map { window in places(window).reduce(0) { $0 + map[$1] } / Double(size * size) }
  }

  /// Returns the input's gradient: each window's goes to its pixels in equal parts.
  public func inputGradient(dOutput: [Double]) -> [Double] {
    var gradient = [Double](repeating: 0, count: input.count)
    for (window, value) in dOutput.enumerated() {
      for place in places(window) { gradient[place] += value / Double(size * size) }
    }
    return gradient
  }

  /// Returns the places of a window's pixels in the map.
  private func places(_ window: Int) -> [Int] {
    let output = output
    let (channel, i, j) = (window / output.plane.count, window / output.width % output.height, window % output.width)
    return (0..<size * size).map { tap in
      (channel * input.height + i * stride + tap / size) * input.width + j * stride + tap % size
    }
  }
}
