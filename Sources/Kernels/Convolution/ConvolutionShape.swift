import System

/// The extents of a convolution of one image: square filters, the same stride and padding on all sides.
public struct ConvolutionShape: Hashable, Sendable {
  /// The input as a blocked map.
  public let input: BlockedExtents
  public let filters: Int
  /// The height and width of a filter.
  public let kernel: Int
  public let stride: Int
  /// The zeros around the image on each side.
  public let padding: Int

  public init(_ input: Extents, filters: Int, kernel: Int, stride: Int, padding: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && padding >= 0 && min(input.height, input.width) + 2 * padding >= kernel,
      "\(kernel)×\(kernel) filters, \(stride) apart, on \(input.plane) with padding \(padding)")
    precondition(input.channels >= 1 && filters >= 1, "\(filters) filters of \(input.channels) channels")
    self.input = BlockedExtents(input)
    self.filters = filters
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  public var channels: Int { input.channels }
  public var height: Int { input.height }
  public var width: Int { input.width }
  public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
  public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }

  /// The output as a blocked map.
  public var output: BlockedExtents {
    BlockedExtents(Extents(channels: filters, height: outputHeight, width: outputWidth))
  }

  /// The floats of all filters, (filters, channels, kernel, kernel).
  public var weightCount: Int { filters * channels * kernel * kernel }

  /// The products of one pass by the definition, zeros of the padding included: rates in FLOP/s count two operations
  /// for each of them.
  public var multiplyAdds: Int { weightCount * outputHeight * outputWidth }
}
