/// The extents of a convolution of one image: square filters, the same stride and padding on all sides.
public struct ConvolutionShape: Hashable, Sendable {
  public let channels: Int
  public let height: Int
  public let width: Int
  public let filters: Int
  /// Height and width of a filter.
  public let kernel: Int
  public let stride: Int
  /// Zeros around the image on each side.
  public let padding: Int

  public init(channels: Int, height: Int, width: Int, filters: Int, kernel: Int, stride: Int, padding: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && padding >= 0 && min(height, width) + 2 * padding >= kernel,
      "\(kernel)×\(kernel) filters, \(stride) apart, on \(height)×\(width) with padding \(padding)")
    precondition(channels >= 1 && filters >= 1, "\(filters) filters of \(channels) channels")
    self.channels = channels
    self.height = height
    self.width = width
    self.filters = filters
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
  public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }

  /// Floats of all filters, (filters, channels, kernel, kernel).
  public var weightCount: Int { filters * channels * kernel * kernel }

  /// Products of one pass by the definition, zeros of the padding included: what FLOP rates count two operations for.
  public var multiplyAdds: Int { weightCount * outputHeight * outputWidth }

  /// The input as a blocked map.
  public var input: BlockedExtents { BlockedExtents(channels: channels, height: height, width: width) }

  /// The output as a blocked map.
  public var output: BlockedExtents {
    BlockedExtents(channels: filters, height: outputHeight, width: outputWidth)
  }
}
