/// The chunks of PNG files that tell how colors look on a screen.
///
/// Pillow, OpenCV and torchvision ignore them and take the values as they are; libpng would convert the values, so that
/// a network would see other pixels than in those programs. They are therefore hidden from it.
enum PNGColorChunks {
  /// Returns a copy of a PNG file without them, or nil if there is nothing that would change values.
  ///
  /// Source: PNG specification, third edition, sections 5.3 and 11.3.2.
  static func removed(from bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var hidden: [Range<Int>] = []
    var place = 8
    // Chunks of colors come before the palette and the pixels.
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = place + 12 + length
      let type = Array(bytes[place + 4..<place + 8])
      guard end <= bytes.count, !ends.contains(type) else { break }
      if types.contains(type) { hidden.append(place..<end) }
      place = end
    }
    guard !hidden.isEmpty else { return nil }
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var start = 0
    for range in hidden {
      kept.append(contentsOf: bytes[start..<range.lowerBound])
      start = range.upperBound
    }
    kept.append(contentsOf: bytes[start...])
    return kept
  }

  private static let types = ["gAMA", "cHRM", "sRGB", "iCCP", "cICP"].map { Array($0.utf8) }
  private static let ends = ["IDAT", "IEND"].map { Array($0.utf8) }
}
