import CTurboJPEG

/// Writes JPEG files with libjpeg-turbo.
enum JPEGEncoder {
  /// What a side has at most: the format itself ends at 65535.
  static let longestSide = 65_500

  /// A baseline file of planar red, green and blue, (3, height, width), with chroma at half resolution as cameras do.
  /// Values are rounded to 0 ... 255. `quality` is 1 ... 100, a side `longestSide` at most.
  static func encode(_ planes: [Float], height: Int, width: Int, quality: Int) -> [UInt8] {
    let count = height * width
    precondition(planes.count == 3 * count, "\(planes.count) values for \(width)×\(height) pixels")
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { pixels, written in
      for index in 0..<count {
        for color in 0..<3 { pixels[3 * index + color] = roundedByte(planes[color * count + index]) }
      }
      written = 3 * count
    }
    guard let encoder = tjInitCompress() else {
      preconditionFailure("libjpeg-turbo has no memory: \(String(cString: tjGetErrorStr2(nil)))")
    }
    defer { tjDestroy(encoder) }
    var file: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { tjFree(file) }
    let code = tjCompress2(
      encoder, pixels, Int32(width), 0, Int32(height), Int32(TJPF_RGB.rawValue), &file, &size,
      Int32(TJSAMP_420.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
    precondition(
      code == 0, "libjpeg-turbo cannot encode \(width)×\(height): \(String(cString: tjGetErrorStr2(encoder)))")
    return Array(UnsafeBufferPointer(start: file, count: Int(size)))
  }
}

/// The nearest whole number in 0 ... 255.
func roundedByte(_ value: Float) -> UInt8 {
  UInt8(max(0, min(255, value.rounded())))
}
