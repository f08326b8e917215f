import CJPEG
import System

/// Decodes JPEG files with libjpeg-turbo: all of a picture or some of its rows and columns, also scaled down by 2, 4 or
/// 8 while it is decoded, which saves most of the time.
///
/// A picture of which a part is missing or wrong, such as a truncated file, is an error: the rest of it would be gray.
package enum JPEGDecoder {
  package static func extents(of file: PictureFile) throws(DataError) -> PlaneExtents {
    let reader = JPEGReader(file)
    try reader.readHeader()
    try check(file, reader.extents)
    return reader.extents
  }

  /// Decodes rows and columns of the picture, whose extents are `extents`, scaled down by `denominator`; there may be
  /// more columns around them. Scaled extents are rounded up.
  package static func decode(
    _ file: PictureFile, of extents: PlaneExtents, denominator: Int = 1, rows: Range<Int>, columns: Range<Int>,
    memory: PixelMemory
  ) throws(DataError) -> PixelRegion {
    try check(file, extents)
    let scaledHeight = extents.height.dividedUp(by: denominator)
    let scaledWidth = extents.width.dividedUp(by: denominator)
    precondition(
      !rows.isEmpty && !columns.isEmpty && rows.lowerBound >= 0 && columns.lowerBound >= 0
        && rows.upperBound <= scaledHeight && columns.upperBound <= scaledWidth,
      "rows \(rows) and columns \(columns) of \(scaledWidth)×\(scaledHeight) pixels")
    let reader = JPEGReader(file)
    try reader.readHeader()
    guard reader.extents == extents else {
      throw file.damaged(
        format: "JPEG",
        words: "its header says \(reader.extents.width)×\(reader.extents.height) pixels "
          + "instead of \(extents.width)×\(extents.height)")
    }
    let isInk = reader.isInk
    try reader.start(denominator: denominator, colors: isInk ? JCS_CMYK : JCS_EXT_RGBX)
    let delivered = try columns.count < scaledWidth ? reader.crop(to: columns) : columns
    // The library rounds to blocks of at most 32 pixels a side, so at most 64 columns are superfluous.
    let pixels = memory.reserve(rows.count * min(scaledWidth, columns.count + 128) * 4)
    guard reader.bytesPerRow == 4 * delivered.count, reader.bytesPerRow * rows.count <= pixels.count else {
      throw file.damaged(
        format: "JPEG", words: "rows of \(reader.bytesPerRow) bytes for \(columns.count) of \(scaledWidth) columns")
    }
    try reader.skip(rows: rows.lowerBound)
    try reader.read(rows: rows.count, to: pixels.baseAddress!)
    // If the picture's last row is not wanted, the rest is not read, and its errors are not found.
    if rows.upperBound == scaledHeight { try reader.finish() }
    if isInk { convertInk(pixels.baseAddress!, count: delivered.count * rows.count) }
    return PixelRegion(
      pixels: UnsafePointer(pixels.baseAddress!), left: delivered.lowerBound, top: rows.lowerBound,
      columns: delivered.count, rows: rows.count)
  }

  private static func check(_ file: PictureFile, _ extents: PlaneExtents) throws(DataError) {
    // A Huffman-coded block of 8×8 pixels takes at least one bit; arithmetic coding has no such limit.
    try file.checkExtents(
      format: "JPEG", height: extents.height, width: extents.width, pixelsPerByte: 512, blank: 1 << 25)
  }

  /// Converts cyan, magenta, yellow and black to red, green and blue. In JPEG files, 255 stands for no ink.
  private static func convertInk(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    for pixel in 0..<count {
      let black = UInt32(pixels[4 * pixel + 3])
      for color in 0..<3 {
        pixels[4 * pixel + color] = UInt8((UInt32(pixels[4 * pixel + color]) * black + 127) / 255)
      }
    }
  }
}

/// A file that libjpeg-turbo is reading. Its functions are called in the order in which they appear here; none may be
/// called after one that throws.
private struct JPEGReader: ~Copyable {
  private let file: PictureFile
  /// The library keeps pointers into its state, so the state has a fixed address.
  private let state: UnsafeMutablePointer<jpeg_reader>

  init(_ file: PictureFile) {
    self.file = file
    state = .allocate(capacity: 1)
    jpeg_reader_prepare(state)
  }

  deinit {
    jpeg_reader_close(state)
    state.deallocate()
  }

  func readHeader() throws(DataError) {
    guard let base = file.bytes.baseAddress, file.bytes.count > 0 else {
      preconditionFailure("an empty file is not a JPEG picture")
    }
    try check(jpeg_reader_read_header(state, base, file.bytes.count))
  }

  var extents: PlaneExtents {
    PlaneExtents(
      height: Int(state.pointee.picture.image_height), width: Int(state.pointee.picture.image_width))
  }

  /// Whether the picture's colors are cyan, magenta, yellow and black.
  var isInk: Bool { [JCS_CMYK, JCS_YCCK].contains(state.pointee.picture.jpeg_color_space) }

  func start(denominator: Int, colors: J_COLOR_SPACE) throws(DataError) {
    state.pointee.picture.scale_num = 1
    state.pointee.picture.scale_denom = UInt32(denominator)
    state.pointee.picture.dct_method = JDCT_ISLOW
    state.pointee.picture.out_color_space = colors
    try check(jpeg_reader_start(state))
  }

  /// Restricts reading to a range of columns that contains `columns`; returns that range.
  func crop(to columns: Range<Int>) throws(DataError) -> Range<Int> {
    var (left, count) = (UInt32(columns.lowerBound), UInt32(columns.count))
    try check(jpeg_reader_crop(state, &left, &count))
    return Int(left)..<Int(left + count)
  }

  var bytesPerRow: Int { Int(state.pointee.picture.output_width) * Int(state.pointee.picture.output_components) }

  func skip(rows: Int) throws(DataError) {
    if rows > 0 { try check(jpeg_reader_skip(state, UInt32(rows))) }
  }

  func read(rows: Int, to pixels: UnsafeMutablePointer<UInt8>) throws(DataError) {
    try check(jpeg_reader_read(state, pixels, bytesPerRow, UInt32(rows)))
  }

  func finish() throws(DataError) {
    try check(jpeg_reader_finish(state))
  }

  /// Throws the library's message if a call failed.
  private func check(_ code: Int32) throws(DataError) {
    if code != 0 {
      throw file.damaged(format: "JPEG", words: "libjpeg-turbo: \(String(cString: jpeg_reader_words(state)))")
    }
  }
}
