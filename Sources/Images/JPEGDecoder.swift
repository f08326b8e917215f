import CTurboJPEG

/// Decodes a JPEG file with libjpeg-turbo. What it only warns of, such as a truncated file, is an error here: the rest
/// of such a picture would be grey.
func decodeJPEG(_ file: PictureFile, channels: Int) throws(DataError) -> DecodedImage {
  guard let decoder = tjInitDecompress() else {
    preconditionFailure("libjpeg-turbo has no memory: \(String(cString: tjGetErrorStr2(nil)))")
  }
  defer { tjDestroy(decoder) }
  let size = UInt(file.bytes.count)
  func damaged() -> DataError {
    file.damaged(format: "JPEG", words: "libjpeg-turbo: " + String(cString: tjGetErrorStr2(decoder)))
  }

  var (width, height, subsampling, colorspace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
  guard tjDecompressHeader3(decoder, file.bytes, size, &width, &height, &subsampling, &colorspace) == 0 else {
    throw damaged()
  }
  // A Huffman-coded block of 8×8 pixels takes a bit at least.
  try file.checkExtents(format: "JPEG", height: Int(height), width: Int(width), pixelsPerByte: 512)

  let isInk = colorspace == Int32(TJCS_CMYK.rawValue) || colorspace == Int32(TJCS_YCCK.rawValue)
  let format = isInk ? TJPF_CMYK : channels == 1 ? TJPF_GRAY : TJPF_RGB
  let count = Int(height) * Int(width)
  var failed = false
  let pixels = [UInt8](unsafeUninitializedCapacity: count * (isInk ? 4 : channels)) { buffer, written in
    // A limit on scans, since a progressive file of a few bytes could ask for hours of work.
    let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING
    failed =
      tjDecompress2(
        decoder, file.bytes, size, buffer.baseAddress, width, 0, height, Int32(format.rawValue), flags) != 0
    written = failed ? 0 : buffer.count
  }
  if failed { throw damaged() }

  let extents = ImageExtents(channels: channels, height: Int(height), width: Int(width))
  if format == TJPF_GRAY { return DecodedImage(bytes: pixels, extents: extents) }
  let rgb = isInk ? screenColors(ofInk: pixels) : pixels
  return DecodedImage(interleaved: rgb, height: extents.height, width: extents.width, channels: channels)
}

/// Red, green and blue of cyan, magenta, yellow and black as JPEG files hold them: 255 is no ink.
private func screenColors(ofInk ink: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: ink.count / 4 * 3) { colors, written in
    for pixel in 0..<ink.count / 4 {
      let black = UInt32(ink[4 * pixel + 3])
      for color in 0..<3 {
        colors[3 * pixel + color] = UInt8((UInt32(ink[4 * pixel + color]) * black + 127) / 255)
      }
    }
    written = ink.count / 4 * 3
  }
}
