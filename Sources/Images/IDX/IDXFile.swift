import System

/// Files in the IDX format of the MNIST data set, plain or gzipped: big-endian extents, then the bytes.
///
/// Source: the format's description at the MNIST database (LeCun, Cortes, Burges).
public enum IDXFile {
  /// Reads images as (count, height, width) or (count, channels, height, width), one byte per value.
  ///
  /// Throws `DataError` if the file is not exactly that: another kind of file, damaged, shorter or longer than its
  /// header says.
  /// header says.
  public static func readImages(
    path: String
  ) throws(DataError) -> (count: Int, extents: Extents, bytes: [UInt8]) {
    let (dimensions, bytes) = try read(path: path, content: "images", dimensionCounts: 3...4)
    let channels = dimensions.count == 4 ? dimensions[1] : 1
    let extents = Extents(
      channels: channels, height: dimensions[dimensions.count - 2], width: dimensions[dimensions.count - 1])
    return (dimensions[0], extents, bytes)
  }

  /// Reads labels, one byte each. Throws `DataError` as `readImages` does.
  public static func readLabels(path: String) throws(DataError) -> [UInt8] {
    try read(path: path, content: "labels", dimensionCounts: 1...1).bytes
  }

  /// A limit above the size of any data set in bytes; a product beyond it means that the header is damaged.
  private static let largestSize = 1 << 40

  private static func read(
    path: String, content: String, dimensionCounts: ClosedRange<Int>
  ) throws(DataError) -> (dimensions: [Int], bytes: [UInt8]) {
    let expected = "an IDX file of \(content)"
    let file = try InputFile(path: path, expected: expected)
    let magicBytes = try file.read(4)
    guard let magic = IDXMagic(magicBytes), magic.type == .unsignedByte,
      dimensionCounts.contains(magic.dimensionCount)
    else {
      let rest = try file.read(60)
      throw DataError(
        .invalid, path: path, expected: "\(expected) (magic \(IDXMagic.words(dimensionCounts)))",
        found: describeContent(magicBytes + rest) + (file.isCompressed && !magicBytes.isEmpty ? " in gzip" : ""),
        advice: "Check that the file has the right name and was downloaded whole.")
    }

    let header = try file.read(4 * magic.dimensionCount)
    guard header.count == 4 * magic.dimensionCount else {
      throw DataError(
        .invalid, path: path, expected: "a header of \((4 + 4 * magic.dimensionCount).counted("byte"))",
        found: "the end of the file after \(4 + header.count)", advice: downloadAgain)
    }
    let dimensions = stride(from: 0, to: header.count, by: 4).map { start in
      header[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let written = dimensions.map(String.init).joined(separator: "×")
    guard let size = product(dimensions), size <= largestSize else {
      throw DataError(
        .invalid, path: path, expected: "\(content) of at most 2^40 bytes",
        found: "a header that declares \(written)", advice: downloadAgain)
    }
    guard size > 0 else {
      throw DataError(
        .invalid, path: path, expected: "at least one of the \(content), and no side of 0",
        found: "a header that declares \(written)")
    }
    guard dimensions[0] <= Int(Int32.max) else {
      throw DataError(
        .invalid, path: path, expected: "at most \(Int32.max) \(content)",
        found: "a header that declares \(written)", advice: downloadAgain)
    }
    try checkSize(of: file, headerSize: 4 + header.count, size: size, written: written)

    let bytes = try file.read(size)
    guard bytes.count == size else {
      throw DataError(
        .invalid, path: path, expected: "\(size) bytes after the header, which declares \(written)",
        found: "\(bytes.count)", advice: downloadAgain)
    }
    guard try file.read(1).isEmpty else {
      throw DataError(
        .invalid, path: path, expected: "\(size) bytes after the header, which declares \(written)",
        found: "more", advice: downloadAgain)
    }
    return (dimensions, bytes)
  }

  /// Refuses a size that the file on the disk cannot hold, before any memory is allocated for it.
  private static func checkSize(
    of file: borrowing InputFile, headerSize: Int, size: Int, written: String
  ) throws(DataError) {
    if file.isCompressed {
      // At best, Deflate stores 258 bytes in two bits.
      let most = 1032 * file.size
      guard headerSize + size <= most else {
        throw DataError(
          .invalid, path: file.path, expected: "\(size) bytes after the header, which declares \(written)",
          found: "\(file.size) compressed bytes, which hold \(most) at most", advice: downloadAgain)
      }
    } else {
      guard file.size == headerSize + size else {
        throw DataError(
          .invalid, path: file.path, expected: "\(size) bytes after the header, which declares \(written)",
          found: "\(file.size - headerSize)", advice: downloadAgain)
      }
    }
  }

  private static func product(_ values: [Int]) -> Int? {
    var product = 1
    for value in values {
      let (next, overflow) = product.multipliedReportingOverflow(by: value)
      if overflow { return nil }
      product = next
    }
    return product
  }

  private static let downloadAgain = "The file is truncated or damaged: copy or download it again."
}
