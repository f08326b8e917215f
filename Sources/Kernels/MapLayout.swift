/// Extents of a blocked map: [blocks][height][width][16].
public struct BlockedExtents: Equatable, Sendable {
  /// Real channels; the rest of the last block is zero.
  public let channels: Int
  public let height: Int
  public let width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Blocks of 16 channels.
  public var blocks: Int { blockCount(channels) }
  /// Floats of one block's plane.
  public var planeCount: Int { height * width * blockWidth }
  /// Floats of one image's map.
  public var count: Int { blocks * planeCount }

  /// Rearranges a planar map (channels, height, width) into a blocked one.
  public func fromPlanar(_ planar: UnsafePointer<Float>, _ blocked: UnsafeMutablePointer<Float>) {
    let pixels = height * width
    for channel in 0..<blocks * blockWidth {
      let target = blocked + channel / blockWidth * planeCount + channel % blockWidth
      for pixel in 0..<pixels {
        target[pixel * blockWidth] = channel < channels ? planar[channel * pixels + pixel] : 0
      }
    }
  }

  /// Rearranges a blocked map into a planar one (channels, height, width).
  public func toPlanar(_ blocked: UnsafePointer<Float>, _ planar: UnsafeMutablePointer<Float>) {
    let pixels = height * width
    for channel in 0..<channels {
      let source = blocked + channel / blockWidth * planeCount + channel % blockWidth
      for pixel in 0..<pixels { planar[channel * pixels + pixel] = source[pixel * blockWidth] }
    }
  }
}
