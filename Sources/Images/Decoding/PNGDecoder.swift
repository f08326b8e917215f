import CPNG
import System

/// Decodes PNG files with libpng: any depth and color type, the values as they are, whatever gamma, profile or
/// transparency the file states.
///
/// Source: Pillow's `convert("RGB")`, OpenCV's `imread` and torchvision's `decode_image` take these values.
enum PNGDecoder {
  static func extents(of file: PictureFile) throws(DataError) -> PlaneExtents {
    try withImage(file) { image throws(DataError) in
      PlaneExtents(height: Int(image.height), width: Int(image.width))
    }
  }

  /// Decodes the whole picture.
  static func decode(_ file: PictureFile, memory: PixelMemory) throws(DataError) -> PixelRegion {
    try withImage(file) { image throws(DataError) in
      let (height, width) = (Int(image.height), Int(image.width))
      let hasAlpha = image.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
      image.format = UInt32(PNG_FORMAT_RGB) | (hasAlpha ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
      // Without this flag, 16-bit files that do not state their gamma are taken as linear, which hardly any are.
      image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
      let count = height * width
      let pixels = memory.reserve(4 * count).baseAddress!
      let region = PixelRegion(pixels: UnsafePointer(pixels), left: 0, top: 0, columns: width, rows: height)
      if hasAlpha {
        guard png_image_finish_read(&image, nil, pixels, 0, nil) != 0 else { throw damaged(file, &image) }
        return region
      }
      // The pixels have three bytes at the end of the memory, and are spread to four from its beginning.
      let tight = pixels + count
      guard png_image_finish_read(&image, nil, tight, 0, nil) != 0 else { throw damaged(file, &image) }
      for index in 0..<count {
        pixels[4 * index] = tight[3 * index]
        pixels[4 * index + 1] = tight[3 * index + 1]
        pixels[4 * index + 2] = tight[3 * index + 2]
      }
      return region
    }
  }

  private static func withImage<Result>(
    _ file: PictureFile, _ body: (inout png_image) throws(DataError) -> Result
  ) throws(DataError) -> Result {
    guard let plain = PNGColorChunks.removed(from: file.bytes) else { return try withImage(file, file.bytes, body) }
    return try plain.withUnsafeBufferPointer { bytes throws(DataError) in try withImage(file, bytes, body) }
  }

  /// - Parameter bytes: The bytes that libpng reads.
  private static func withImage<Result>(
    _ file: PictureFile, _ bytes: UnsafeBufferPointer<UInt8>, _ body: (inout png_image) throws(DataError) -> Result
  ) throws(DataError) -> Result {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
      throw damaged(file, &image)
    }
    // Deflate makes at most 1032 bytes of one, and a byte holds eight pixels of one bit.
    try file.checkExtents(
      format: "PNG", height: Int(image.height), width: Int(image.width), pixelsPerByte: 8 * 1032)
    return try body(&image)
  }

  private static func damaged(_ file: PictureFile, _ image: inout png_image) -> DataError {
    file.damaged(format: "PNG", words: "libpng: " + String(cString: png_image_words(&image)))
  }
}
