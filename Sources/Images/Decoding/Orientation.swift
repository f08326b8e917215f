/// The orientation of the camera, which it records in the picture's file (EXIF's tag 274).
enum Orientation: UInt16 {
  case upright = 1
  case mirrored, upsideDown, upsideDownMirrored, transposed, rotatedRight, transversed, rotatedLeft

  /// Reads the orientation that a JPEG file records; it is upright if there is none or it cannot be understood.
  init(ofJPEG bytes: UnsafeBufferPointer<UInt8>) {
    self = Self.find(bytes) ?? .upright
  }

  private static func find(_ bytes: UnsafeBufferPointer<UInt8>) -> Orientation? {
    func big(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
    // A segment has FF, a marker, and a length that includes its own two bytes. EXIF is in APP1, before the frame.
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      let length = big(place + 2)
      guard length >= 2, place + 2 + length <= bytes.count, marker != 0xDA else { return nil }
      let content = place + 4..<place + 2 + length
      if marker == 0xE1, bytes[content].starts(with: Array("Exif\0\0".utf8)) {
        return tiff(UnsafeBufferPointer(rebasing: bytes[content.lowerBound + 6..<content.upperBound]))
      }
      place += 2 + length
    }
    return nil
  }

  /// Reads the tag in the first directory of a TIFF structure.
  private static func tiff(_ bytes: UnsafeBufferPointer<UInt8>) -> Orientation? {
    guard bytes.count >= 8 else { return nil }
    let isLittle = bytes[0] == UInt8(ascii: "I")
    func number(_ at: Int, _ size: Int) -> Int? {
      guard at >= 0, at + size <= bytes.count else { return nil }
      let part = bytes[at..<at + size]
      return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for entry in 0..<count {
      let start = directory + 2 + 12 * entry
      guard let tag = number(start, 2) else { return nil }
      if tag == 274, number(start + 2, 2) == 3, let value = number(start + 8, 2) {
        return UInt16(exactly: value).flatMap(Orientation.init)
      }
    }
    return nil
  }

  /// Whether rows become columns.
  var turns: Bool { rawValue >= 5 }

  /// Writes the pixels as they are meant to be seen to `output`, which has room for all of `region`.
  func apply(to region: PixelRegion, output: UnsafeMutablePointer<UInt8>) -> PixelRegion {
    let (rows, columns) = turns ? (region.columns, region.rows) : (region.rows, region.columns)
    for y in 0..<rows {
      for x in 0..<columns {
        // The upright picture's (y, x) is at (row, column) in the stored one.
        let (row, column) =
          switch self {
          case .upright: (y, x)
          case .mirrored: (y, columns - 1 - x)
          case .upsideDown: (rows - 1 - y, columns - 1 - x)
          case .upsideDownMirrored: (rows - 1 - y, x)
          case .transposed: (x, y)
          case .rotatedRight: (columns - 1 - x, y)
          case .transversed: (columns - 1 - x, rows - 1 - y)
          case .rotatedLeft: (x, rows - 1 - y)
          }
        let source = region.pixels + 4 * (row * region.columns + column)
        (output + 4 * (y * columns + x)).update(from: source, count: 4)
      }
    }
    return PixelRegion(pixels: UnsafePointer(output), left: 0, top: 0, columns: columns, rows: rows)
  }
}
