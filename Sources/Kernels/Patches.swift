/// The patches of a planar image under a filter, as the channels of a blocked map (im2col).
///
/// With few input channels (an image has 1 or 3) a block of 16 would be mostly zeros; the C·R·S values under the
/// filter fill it instead, and the convolution becomes a 1×1 one. Channel (c·R + r)·S + s of the patch map is the input
/// at channel c, row offset r, column offset s: the order of the weights (filters, channels, kernel, kernel).
public struct Patches: Equatable, Sendable {
  public let channels: Int
  public let height: Int
  public let width: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public init(channels: Int, height: Int, width: Int, kernel: Int, stride: Int, padding: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && padding >= 0 && min(height, width) + 2 * padding >= kernel,
      "\(kernel)×\(kernel) patches, \(stride) apart, on \(height)×\(width) with padding \(padding)")
    self.channels = channels
    self.height = height
    self.width = width
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// The patch map: one pixel for each of the convolution's outputs.
  public var output: BlockedExtents {
    BlockedExtents(
      channels: channels * kernel * kernel, height: (height + 2 * padding - kernel) / stride + 1,
      width: (width + 2 * padding - kernel) / stride + 1)
  }

  /// Writes the whole patch map, the zeros of the last block included.
  public func write(_ image: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    let extents = output
    let pixels = extents.height &* extents.width
    for index in 0..<extents.blocks &* blockWidth {
      let to = target + index / blockWidth &* extents.planeCount + index % blockWidth
      guard index < extents.channels else {
        for pixel in 0..<pixels { to[pixel &* blockWidth] = 0 }
        continue
      }
      let c = index / (kernel &* kernel)
      let r = index / kernel % kernel
      let s = index % kernel
      for row in 0..<extents.height {
        let y = row &* stride &+ r &- padding
        let rowTarget = to + row &* extents.width &* blockWidth
        guard y >= 0, y < height else {
          for column in 0..<extents.width { rowTarget[column &* blockWidth] = 0 }
          continue
        }
        let source = image + (c &* height &+ y) &* width
        for column in 0..<extents.width {
          let x = column &* stride &+ s &- padding
          rowTarget[column &* blockWidth] = x >= 0 && x < width ? source[x] : 0
        }
      }
    }
  }
}
