import System

/// A picture's file in memory, not yet decoded.
package struct PictureFile {
  /// The file's name for messages.
  package let path: String
  /// The file's content, which is valid as long as its owner says.
  package let bytes: UnsafeBufferPointer<UInt8>

  package init(path: String, bytes: UnsafeBufferPointer<UInt8>) {
    self.path = path
    self.bytes = bytes
  }

  /// The formats that are read, in words.
  static let expected = "a JPEG, PNG, WebP, PGM or PPM picture"

  /// The format that the content shows; the name does not matter.
  var format: PictureFormat? { PictureFormat(bytes) }

  /// Refuses extents before memory is allocated for them.
  /// - Parameters:
  ///   - pixelsPerByte: the format's highest compression.
  ///   - blank: the number of pixels of which any file may consist, however short, because its format stores a picture
  ///     of one color in a few bytes.
  func checkExtents(
    format: String, height: Int, width: Int, pixelsPerByte: Int, blank: Int = 0
  ) throws(DataError) {
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
    guard pixels <= max(blank, pixelsPerByte * bytes.count) else {
      throw DataError(
        .invalid, path: path, expected: "a whole \(format) picture",
        found:
          "\(bytes.count.counted("byte")) that \(bytes.count.verb("declares", "declare")) \(width)×\(height) pixels",
        advice: Self.advice)
    }
  }

  /// Returns the error for a file in which a format's library found a fault, with the library's words.
  func damaged(format: String, words: String) -> DataError {
    DataError(
      .invalid, path: path, expected: "a whole \(format) picture", found: "damage (\(words))", advice: Self.advice)
  }

  /// Returns the error for a file of no known format.
  func unknownFormat() -> DataError {
    DataError(
      .invalid, path: path, expected: Self.expected, found: describeContent(Array(bytes.prefix(64))),
      advice: bytes.isEmpty ? "" : "Convert it to one of these.")
  }

  private static let advice = "The file is truncated or damaged: copy or save it again."
}

/// The formats that pictures are read from.
public enum PictureFormat: Sendable {
  case jpeg
  case png
  case webP
  /// Binary PGM or PPM.
  case netpbm

  /// Recognizes a format by a file's first bytes; the result is nil if it is none of them.
  public init?(_ bytes: some Sequence<UInt8>) {
    switch FileKind(Array(bytes.prefix(16))) {
    case .jpeg: self = .jpeg
    case .png: self = .png
    case .webP: self = .webP
    case .pgm, .ppm: self = .netpbm
    default: return nil
    }
  }
}
