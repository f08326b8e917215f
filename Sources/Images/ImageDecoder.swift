/// Decodes single pictures: JPEG, PNG, binary PGM and PPM, told apart by content, not by name.
public enum ImageDecoder {
  /// The picture in `path`, as grey (1 channel) or red, green and blue (3 channels).
  ///
  /// Transparency shows white. The orientation that a camera notes beside the picture is not applied. Throws
  /// `DataError` where the file is missing, of another kind, damaged, truncated, or declares more than 2^28 pixels or
  /// more than its bytes can hold.
  public static func decode(path: String, channels: Int) throws(DataError) -> DecodedImage {
    precondition(channels == 1 || channels == 3, "pictures have 1 or 3 channels, not \(channels)")
    let bytes = try readWhole(path: path, limit: 1 << 31, expected: expected)
    let file = PictureFile(path: path, bytes: bytes)
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return try decodeJPEG(file, channels: channels) }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try decodePNG(file, channels: channels) }
    if bytes.starts(with: Array("P5".utf8)) || bytes.starts(with: Array("P6".utf8)) {
      return try decodePNM(file, channels: channels)
    }
    throw DataError(
      .invalid, path: path, expected: expected, found: describeContent(Array(bytes.prefix(64))),
      advice: bytes.isEmpty ? "" : "Convert it to one of these.")
  }

  private static let expected = "a JPEG, PNG, PGM or PPM picture"
}

/// A picture's file in memory, not yet decoded.
struct PictureFile {
  let path: String
  let bytes: [UInt8]

  /// Refuses extents before memory is taken for them. `pixelsPerByte` is the most that the format can compress.
  func checkExtents(format: String, height: Int, width: Int, pixelsPerByte: Int) throws(DataError) {
    guard height > 0, width > 0 else {
      throw damaged(format: format, words: "it declares \(width)×\(height) pixels")
    }
    let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
    guard !overflow, pixels <= 1 << 28 else {
      throw DataError(
        .invalid, path: path, expected: "a \(format) picture of at most 2^28 pixels",
        found: "one that declares \(width)×\(height)",
        advice: "Make it smaller.")
    }
    guard pixels <= pixelsPerByte * bytes.count else {
      throw DataError(
        .invalid, path: path, expected: "a whole \(format) picture",
        found: "\(bytes.count) bytes that declare \(width)×\(height) pixels", advice: Self.advice)
    }
  }

  /// What a format's library says is wrong with the file.
  func damaged(format: String, words: String) -> DataError {
    DataError(
      .invalid, path: path, expected: "a whole \(format) picture", found: "damage (\(words))", advice: Self.advice)
  }

  private static let advice = "The file is truncated or damaged: copy or save it again."
}
