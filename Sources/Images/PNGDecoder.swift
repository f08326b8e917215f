import CPNG

/// Decodes a PNG file with libpng: any depth and colour type, transparency over white by the light, as libpng mixes.
func decodePNG(_ file: PictureFile, channels: Int) throws(DataError) -> DecodedImage {
  var image = png_image()
  image.version = UInt32(PNG_IMAGE_VERSION)
  func damaged() -> DataError {
    file.damaged(format: "PNG", words: "libpng: " + String(cString: png_image_words(&image)))
  }
  defer { png_image_free(&image) }
  // The library keeps the address until the picture is read.
  return try file.bytes.withUnsafeBufferPointer { bytes throws(DataError) in
    guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else { throw damaged() }
    // Deflate makes at most 1032 bytes of one, and a byte holds eight pixels of one bit.
    try file.checkExtents(
      format: "PNG", height: Int(image.height), width: Int(image.width), pixelsPerByte: 8 * 1032)
    image.format = UInt32(PNG_FORMAT_RGB)
    // Else 16-bit files that do not state their gamma are taken as linear, which hardly any are.
    image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
    var white = png_color(red: 255, green: 255, blue: 255)
    var failed = false
    let (height, width) = (Int(image.height), Int(image.width))
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * 3) { buffer, written in
      failed = png_image_finish_read(&image, &white, buffer.baseAddress, 0, nil) == 0
      written = failed ? 0 : buffer.count
    }
    if failed { throw damaged() }
    return DecodedImage(interleaved: pixels, height: height, width: width, channels: channels)
  }
}
