import System

/// A picture in memory: bytes, planar (channels, height, width), red, green and blue or gray.
public struct DecodedImage: Equatable, Sendable {
  public let extents: Extents
  /// (channels, height, width)
  public let bytes: [UInt8]

  public init(bytes: [UInt8], extents: Extents) {
    precondition(bytes.count == extents.count, "\(extents) are \(extents.count) bytes, not \(bytes.count)")
    self.bytes = bytes
    self.extents = extents
  }

  /// Copies the pixels of `interleaved`, (height, width, `stride` bytes), as planes, or as their luma if one channel is
  /// requested.
  init(interleaved: UnsafePointer<UInt8>, height: Int, width: Int, stride: Int = 3, channels: Int) {
    let count = height * width
    extents = Extents(channels: channels, height: height, width: width)
    bytes = [UInt8](unsafeUninitializedCapacity: channels * count) { planes, written in
      if channels == 1 {
        for index in 0..<count {
          // The luma is that of ITU-R BT.601, as in JPEG: Y = 0.299 R + 0.587 G + 0.114 B in 16-bit fractions.
          let pixel = interleaved + stride * index
          let luma = 19595 * UInt32(pixel[0]) + 38470 * UInt32(pixel[1]) + 7471 * UInt32(pixel[2]) + 0x8000
          planes[index] = UInt8(luma >> 16)
        }
      } else {
        for index in 0..<count {
          planes[index] = interleaved[stride * index]
          planes[count + index] = interleaved[stride * index + 1]
          planes[2 * count + index] = interleaved[stride * index + 2]
        }
      }
      written = channels * count
    }
  }

  /// Copies the pixels of a whole picture, as planes or as their luma.
  init(_ region: PixelRegion, channels: Int) {
    self.init(interleaved: region.pixels, height: region.rows, width: region.columns, stride: 4, channels: channels)
  }

  /// Returns the values 0 ... 255 at another size, (channels, height, width), without aliasing. The aspect ratio is not
  /// kept.
  public func resized(to target: Extents) -> [Float] {
    precondition(target.channels == extents.channels, "a picture of \(extents) cannot become one of \(target)")
    return resample(extents, to: target.plane) { Float(bytes[$0]) }
  }
}
