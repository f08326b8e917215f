/// The extents of one image or feature map, planar: (channels, height, width).
public struct Extents: Codable, Hashable, Sendable, CustomStringConvertible {
  public var channels: Int
  public var height: Int
  public var width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// The extents of `channels` planes.
  public init(channels: Int, _ plane: PlaneExtents) {
    self.init(channels: channels, height: plane.height, width: plane.width)
  }

  /// The values of one image or map.
  public var count: Int { channels * height * width }

  /// The extents of one channel.
  public var plane: PlaneExtents { PlaneExtents(height: height, width: width) }

  public var description: String { "\(channels)×\(height)×\(width)" }
}

/// The height and the width of an image or of one channel of a map.
public struct PlaneExtents: Hashable, Sendable, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The pixels of the plane.
  public var count: Int { height * width }

  public var description: String { "\(height)×\(width)" }
}
