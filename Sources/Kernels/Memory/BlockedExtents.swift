import System

/// The extents of a blocked map: [blocks][height][width][16].
///
/// A block holds 16 channels; the channels of the last block that are beyond the real ones are zero.
public struct BlockedExtents: Hashable, Sendable {
  /// The extents of the same map without blocks: (channels, height, width).
  public let planar: Extents

  public init(_ planar: Extents) {
    self.planar = planar
  }

  public init(channels: Int, height: Int, width: Int) {
    self.init(Extents(channels: channels, height: height, width: width))
  }

  /// The real channels.
  public var channels: Int { planar.channels }
  public var height: Int { planar.height }
  public var width: Int { planar.width }
  /// The number of blocks of 16 channels.
  public var blocks: Int { blockCount(channels) }
  /// The number of floats of one block's plane.
  public var planeCount: Int { height * width * blockWidth }
  /// The number of floats of one image's map.
  public var count: Int { blocks * planeCount }

  /// The place in a blocked map of the value at `place` of the planar one.
  public func place(ofPlanar place: Int) -> Int {
    let (channel, pixel) = place.quotientAndRemainder(dividingBy: height * width)
    return channel / blockWidth * planeCount + pixel * blockWidth + channel % blockWidth
  }

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
