import CJPEG
import System

/// Decodes JPEG files with libjpeg-turbo: all of a picture or some of its rows and columns, also scaled down by 2, 4 or
/// 8 while it is decoded, which saves most of the time.
///
/// Where part of the picture is missing or wrong, such as in a truncated file, that is an error: the rest of such a
/// picture would be grey.
package enum JPEGDecoder {
  /// Height and width.
  package static func extents(of file: PictureFile) throws(DataError) -> (height: Int, width: Int) {
    var header = jpeg_header()
    try withWords(file) { words in jpeg_read_extents(base(file), file.bytes.count, &header, words) }
    let (height, width) = (Int(header.height), Int(header.width))
    try check(file, height: height, width: width)
    return (height, width)
  }

  /// The rows and columns of the picture, whose extents are `height` and `width`, scaled down by `denominator`; perhaps
  /// with more columns around them. Extents scaled down are rounded up.
  package static func decode(
    _ file: PictureFile, height: Int, width: Int, denominator: Int = 1, rows: Range<Int>, columns: Range<Int>,
    memory: PixelMemory
  ) throws(DataError) -> PixelRegion {
    try check(file, height: height, width: width)
    var header = jpeg_header(width: Int32(width), height: Int32(height), channels: 0)
    var part = jpeg_part(
      denominator: Int32(denominator), left: Int32(columns.lowerBound), columns: Int32(columns.count),
      top: Int32(rows.lowerBound), rows: Int32(rows.count))
    let scaledWidth = width.dividedUp(by: denominator)
    let pixels = memory.reserve(rows.count * min(scaledWidth, columns.count + 128) * 4)
    try withWords(file) { words in
      jpeg_read_part(base(file), file.bytes.count, &header, &part, pixels.baseAddress!, pixels.count, words)
    }
    let region = PixelRegion(
      pixels: UnsafePointer(pixels.baseAddress!), left: Int(part.left), top: rows.lowerBound,
      columns: Int(part.columns), rows: rows.count)
    if header.channels == 4 { convertInk(pixels.baseAddress!, count: region.columns * region.rows) }
    return region
  }

  private static func base(_ file: PictureFile) -> UnsafePointer<UInt8> {
    precondition(file.bytes.count > 0, "an empty file is no JPEG picture")
    return file.bytes.baseAddress!
  }

  private static func check(_ file: PictureFile, height: Int, width: Int) throws(DataError) {
    // A Huffman-coded block of 8×8 pixels takes a bit at least.
    try file.checkExtents(format: "JPEG", height: height, width: width, pixelsPerByte: 512)
  }

  /// Throws what the library says where `body` fails.
  private static func withWords(
    _ file: PictureFile, _ body: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(DataError) {
    let words: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(jpeg_words_length())) { words in
      body(words.baseAddress!) == 0 ? nil : String(cString: words.baseAddress!)
    }
    if let words { throw file.damaged(format: "JPEG", words: "libjpeg-turbo: \(words)") }
  }

  /// Red, green and blue of cyan, magenta, yellow and black as JPEG files hold them: 255 is no ink.
  private static func convertInk(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    for pixel in 0..<count {
      let black = UInt32(pixels[4 * pixel + 3])
      for color in 0..<3 {
        pixels[4 * pixel + color] = UInt8((UInt32(pixels[4 * pixel + color]) * black + 127) / 255)
      }
    }
  }
}
