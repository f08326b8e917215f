import Images
import System
import Testing

/// A part of a JPEG picture has the same pixels as the whole one.
@Suite struct JPEGPartTests {
  /// The extents are not multiples of a block in any subsampling.
  private let height = 75
  private let width = 109

  private func file(_ form: JPEGForm) -> [UInt8] {
    let pixels = (0..<height * width * 3).map { index in
      UInt8(
        truncatingIfNeeded: index / 3 % width * 3 + index / 3 / width * 2 + Int(scatteredBytes(1, seed: index)[0]) / 8)
    }
    return jpegFile(pixels, height: height, width: width, quality: 92, form)
  }

  private struct Pixels {
    let left: Int
    let columns: Int
    let bytes: [UInt8]
  }

  private func decode(_ bytes: [UInt8], _ denominator: Int, rows: Range<Int>, columns: Range<Int>) throws -> Pixels {
    let memory = PixelMemory()
    return try bytes.withUnsafeBufferPointer {
      let region = try JPEGDecoder.decode(
        PictureFile(path: "picture", bytes: $0), of: PlaneExtents(height: height, width: width),
        denominator: denominator, rows: rows, columns: columns, memory: memory)
      #expect(region.left <= columns.lowerBound && region.left + region.columns >= columns.upperBound)
      return Pixels(
        left: region.left, columns: region.columns,
        bytes: Array(UnsafeBufferPointer(start: region.pixels, count: 4 * region.rows * region.columns)))
    }
  }

  /// Two columns at the borders of a part may differ: interpolated colors lack a neighbor there.
  @Test(
    arguments: [
      JPEGForm(chroma: (1, 1)), JPEGForm(chroma: (2, 1)), JPEGForm(chroma: (2, 2)), JPEGForm(isGray: true),
      JPEGForm(chroma: (1, 2)), JPEGForm(chroma: (4, 1)), JPEGForm(chroma: (2, 2), isProgressive: true),
      JPEGForm(chroma: (1, 1), isProgressive: true),
    ])
  func equalsTheWhole(form: JPEGForm) throws {
    let bytes = file(form)
    for denominator in [1, 2, 4, 8] {
      let (rows, columns) = ((height + denominator - 1) / denominator, (width + denominator - 1) / denominator)
      let whole = try decode(bytes, denominator, rows: 0..<rows, columns: 0..<columns)
      #expect(whole.left == 0 && whole.columns == columns)
      for seed in 0..<40 {
        // The loop tries parts of many sizes, at many places.
        let numbers = scatteredBytes(4, seed: seed &* 31 + denominator).map { Int($0) }
        let (top, left) = (numbers[0] % rows, numbers[1] % columns)
        let (bottom, right) = (top + 1 + numbers[2] % (rows - top), left + 1 + numbers[3] % (columns - left))
        let part = try decode(
          bytes, denominator, rows: top..<bottom, columns: max(0, left - 2)..<min(columns, right + 2))
        var differing = 0
        for y in top..<bottom {
          for x in left..<right {
            let a = 4 * (y * columns + x)
            let b = 4 * ((y - top) * part.columns + x - part.left)
            if whole.bytes[a..<a + 3] != part.bytes[b..<b + 3] { differing += 1 }
          }
        }
        #expect(differing == 0, "1/\(denominator), rows \(top)..<\(bottom), columns \(left)..<\(right)")
      }
    }
  }

  @Test func superfluousBytesAreNoDamage() throws {
    var bytes = file(JPEGForm())
    // Some of ImageNet's files have such bytes between the picture's end and its last marker.
    bytes.insert(contentsOf: [0x12, 0x34], at: bytes.count - 2)
    _ = try decode(bytes, 1, rows: 0..<height, columns: 0..<width)
  }

  /// Some phones write zeros in the fields where a sequential file's scan names its coefficients, which are always all
  /// of them.
  @Test(arguments: [[0, 0, 0], [0, 63, 0x10], [1, 5, 0x21]] as [[UInt8]])
  func aScanHeaderThatSaysNothingIsNoDamage(words: [UInt8]) throws {
    let bytes = file(JPEGForm())
    let scan = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    let end = scan + 2 + Int(bytes[scan + 3])
    #expect(Array(bytes[end - 3..<end]) == [0, 63, 0])
    var patched = bytes
    patched.replaceSubrange(end - 3..<end, with: words)
    let (whole, other) = (
      try decode(bytes, 1, rows: 0..<height, columns: 0..<width),
      try decode(patched, 1, rows: 0..<height, columns: 0..<width)
    )
    #expect(whole.bytes == other.bytes)
  }

  @Test func damageInAPartIsFound() throws {
    let bytes = file(JPEGForm())
    let cut = Array(bytes.prefix(bytes.count / 2))
    #expect(throws: DataError.self) { try decode(cut, 1, rows: 0..<height, columns: 0..<width) }
    #expect(throws: DataError.self) { try decode(cut, 1, rows: height - 4..<height, columns: 0..<8) }
  }
}
