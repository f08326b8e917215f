import CPNG
import Foundation

/// Makes PNG pictures inside a page.
enum Picture {
  /// Returns pixels as the address of a PNG picture.
  ///
  /// - Parameters:
  ///   - pixels: (height, width, channels), with 1 channel of gray, 3 of red, green and blue, or a fourth of opacity.
  ///   - scale: the side of the square in the picture that each pixel becomes, so that no viewer blurs it.
  static func dataURI(_ pixels: [UInt8], height: Int, width: Int, channels: Int, scale: Int = 1) -> String {
    precondition([1, 3, 4].contains(channels), "a picture of \(channels) channels")
    precondition(pixels.count == height * width * channels, "\(pixels.count) bytes for \(height) × \(width)")
    var large = [UInt8](repeating: 0, count: pixels.count * scale * scale)
    let row = width * scale * channels
    for y in 0..<height * scale {
      for x in 0..<width * scale {
        for c in 0..<channels {
          large[y * row + x * channels + c] = pixels[((y / scale) * width + x / scale) * channels + c]
        }
      }
    }
    return "data:image/png;base64,"
      + Data(png(large, height: height * scale, width: width * scale, channels)).base64EncodedString()
  }

  private static func png(_ pixels: [UInt8], height: Int, width: Int, _ channels: Int) -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = channels == 1 ? UInt32(PNG_FORMAT_GRAY) : UInt32(PNG_FORMAT_RGB)
    if channels == 4 { image.format |= UInt32(PNG_FORMAT_FLAG_ALPHA) }
    defer { png_image_free(&image) }
    var size = png_alloc_size_t(pixels.count + pixels.count / 100 + height * 8 + 4096)
    var bytes = [UInt8](repeating: 0, count: Int(size))
    let done = png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil)
    precondition(done != 0, "libpng: \(String(cString: png_image_words(&image)))")
    return Array(bytes[..<Int(size)])
  }

  /// Turns planar pixels, (channels, height, width), into interleaved ones, (height, width, channels). Where there are
  /// not 3 channels, only the first is taken, as gray.
  static func interleaved(_ planar: [UInt8], height: Int, width: Int, channels: Int) -> (pixels: [UInt8], channels: Int)
  {
    let plane = height * width
    guard channels == 3 else { return (Array(planar[..<plane]), 1) }
    return ((0..<plane).flatMap { p in (0..<3).map { planar[$0 * plane + p] } }, 3)
  }
}
