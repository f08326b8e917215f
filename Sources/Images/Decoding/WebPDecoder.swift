import CWebP
import System

/// Decodes WebP files with libwebp, lossy or not. The colors are taken as they are, however transparent.
enum WebPDecoder {
  static func extents(of file: PictureFile) throws(DataError) -> PlaneExtents {
    var features = WebPBitstreamFeatures()
    let code = WebPGetFeatures(file.bytes.baseAddress, file.bytes.count, &features)
    guard code == VP8_STATUS_OK else {
      throw file.damaged(format: "WebP", words: "libwebp: status \(code.rawValue) in the header")
    }
    guard features.has_animation == 0 else {
      throw DataError(
        .invalid, path: file.path, expected: "a picture", found: "an animated WebP file",
        advice: "Take a frame of it: webpmux -get frame 1 FILE.webp -o FRAME.webp.")
    }
    let extents = PlaneExtents(height: Int(features.height), width: Int(features.width))
    // A side has 16383 pixels at most, and a picture of one color takes a few bytes.
    try file.checkExtents(
      format: "WebP", height: extents.height, width: extents.width, pixelsPerByte: .max / max(1, file.bytes.count))
    return extents
  }

  /// Decodes the whole picture.
  static func decode(_ file: PictureFile, memory: PixelMemory) throws(DataError) -> PixelRegion {
    let extents = try extents(of: file)
    let count = extents.height * extents.width
    let pixels = memory.reserve(4 * count)
    guard
      WebPDecodeRGBAInto(
        file.bytes.baseAddress, file.bytes.count, pixels.baseAddress, pixels.count, Int32(4 * extents.width)) != nil
    else { throw file.damaged(format: "WebP", words: "libwebp cannot decode it") }
    return PixelRegion(
      pixels: UnsafePointer(pixels.baseAddress!), left: 0, top: 0, columns: extents.width, rows: extents.height)
  }
}
