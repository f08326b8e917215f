/// Decodes single pictures: JPEG, PNG, WebP, binary PGM and PPM, told apart by content, not by name.
public enum ImageDecoder {
  /// Decodes the picture in `path`, as gray (1 channel) or red, green and blue (3 channels).
  ///
  /// Colors are taken as they are, however transparent. The orientation that a camera records in the file is not
  /// applied. Throws `DataError` if the file is missing, of another kind, damaged, truncated, or declares more than
  /// 2^28 pixels or more than its bytes can hold.
  public static func decode(path: String, channels: Int) throws(DataError) -> DecodedImage {
    precondition(channels == 1 || channels == 3, "pictures have 1 or 3 channels, not \(channels)")
    let bytes = try readWhole(path: path, limit: 1 << 31, expected: PictureFile.expected)
    return try bytes.withUnsafeBufferPointer { bytes throws(DataError) in
      try decode(PictureFile(path: path, bytes: bytes), channels: channels)
    }
  }

  static func decode(_ file: PictureFile, channels: Int) throws(DataError) -> DecodedImage {
    let memory = PixelMemory()
    switch file.format {
    case .jpeg:
      let extents = try JPEGDecoder.extents(of: file)
      let region = try JPEGDecoder.decode(
        file, of: extents, rows: 0..<extents.height, columns: 0..<extents.width, memory: memory)
      return DecodedImage(region, channels: channels)
    case .png: return DecodedImage(try PNGDecoder.decode(file, memory: memory), channels: channels)
    case .webP: return DecodedImage(try WebPDecoder.decode(file, memory: memory), channels: channels)
    case .netpbm: return try decodePNM(file, channels: channels)
    case nil: throw file.unknownFormat()
    }
  }
}
