import System

/// The header of a binary PGM (P5) or PPM (P6) file.
///
/// Source: the Netpbm project's description of the formats.
struct PNMHeader {
  let isColor: Bool
  let extents: PlaneExtents
  /// The value that stands for white, 1 ... 65535. Above 255, values have two bytes.
  let maximum: Int
  /// The place of the first pixel.
  let start: Int

  var format: String { isColor ? "PPM" : "PGM" }
  /// The number of values.
  var count: Int { extents.height * extents.width * (isColor ? 3 : 1) }
  var valueSize: Int { maximum > 255 ? 2 : 1 }

  init(_ file: PictureFile) throws(DataError) {
    isColor = file.bytes[1] == UInt8(ascii: "6")
    let format = isColor ? "PPM" : "PGM"
    var position = 2
    guard let width = number(in: file.bytes, at: &position), let height = number(in: file.bytes, at: &position),
      let maximum = number(in: file.bytes, at: &position), (1...65535).contains(maximum),
      position < file.bytes.count, isSpace(file.bytes[position])
    else {
      throw file.damaged(format: format, words: "the header is not width, height and a maximum of 1 to 65535")
    }
    try file.checkExtents(format: format, height: height, width: width, pixelsPerByte: 1)
    (extents, self.maximum, start) = (PlaneExtents(height: height, width: width), maximum, position + 1)
  }
}

/// Decodes binary PGM (P5) and PPM (P6) with one or two bytes a value, scaled to 0 ... 255.
func decodePNM(_ file: PictureFile, channels: Int) throws(DataError) -> DecodedImage {
  let header = try PNMHeader(file)
  let (count, position, valueSize) = (header.count, header.start, header.valueSize)
  guard file.bytes.count - position >= count * valueSize else {
    throw file.damaged(
      format: header.format,
      words: "\((file.bytes.count - position).counted("byte")) of pixels instead of \(count * valueSize)")
  }
  let maximum = header.maximum
  let values = (0..<count).map { index in
    let start = position + index * valueSize
    let value = valueSize == 2 ? Int(file.bytes[start]) << 8 | Int(file.bytes[start + 1]) : Int(file.bytes[start])
    return UInt8((min(value, maximum) * 255 + maximum / 2) / maximum)
  }
  let (height, width) = (header.extents.height, header.extents.width)
  if header.isColor { return DecodedImage(interleaved: values, height: height, width: width, channels: channels) }
  let extents = Extents(channels: channels, height: height, width: width)
  return DecodedImage(bytes: channels == 1 ? values : values + values + values, extents: extents)
}

/// Returns the next decimal number after white space and comments, or nil if there is none or it has 10 digits or more.
private func number(in bytes: UnsafeBufferPointer<UInt8>, at position: inout Int) -> Int? {
  while position < bytes.count, isSpace(bytes[position]) || bytes[position] == UInt8(ascii: "#") {
    if bytes[position] == UInt8(ascii: "#") {
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
    } else {
      position += 1
    }
  }
  let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }.prefix(10)
  position += digits.count
  guard (1..<10).contains(digits.count) else { return nil }
  return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}

private func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || (0x09...0x0D).contains(byte)
}
