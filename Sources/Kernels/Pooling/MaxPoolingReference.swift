import System

/// The maximum of some values of a planar map.
public struct ReferenceMaximum: Sendable {
  public private(set) var value = -Double.infinity
  /// The place of the first largest value, or of the last NaN if there is one.
  public private(set) var place = 0
  /// The largest of the other values: the nearer it is, the nearer the maximum is to a point without a derivative.
  public private(set) var rival = -Double.infinity

  init(of map: [Double], _ places: some Sequence<Int>) {
    var isFirst = true
    for place in places {
      let value = map[place]
      if isFirst || value > self.value || value.isNaN {
        (rival, self.value, self.place) = (self.value, value, place)
        isFirst = false
      } else if value > rival {
        rival = value
      }
    }
  }
}

/// Max pooling straight from its definition, in Double, on planar maps of one image: `MaxPooling` is held against it.
public struct MaxPoolingReference: Sendable {
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

  /// Returns the maximum of each window, (channels, H, W).
  public func maxima(_ map: [Double]) -> [ReferenceMaximum] {
    let output = output
    return (0..<output.count).map { window in
      let (channel, i, j) = (
        window / output.plane.count, window / output.width % output.height, window % output.width
      )
      return ReferenceMaximum(
        of: map,
        (0..<size * size).lazy.map { [self] tap in
          (channel * input.height + i * stride + tap / size) * input.width + j * stride + tap % size
        })
    }
  }

  /// Returns the input's gradient: each window's goes to the place of its maximum.
  public func inputGradient(_ maxima: [ReferenceMaximum], dOutput: [Double]) -> [Double] {
    scattered(dOutput, to: maxima, count: input.count)
  }
}

/// Returns `count` values, of which each is the sum of the gradients of the maxima at its place.
func scattered(_ gradients: [Double], to maxima: [ReferenceMaximum], count: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: count)
  for (maximum, gradient) in zip(maxima, gradients) { sums[maximum.place] += gradient }
  return sums
}
