import CZlib
import Images
import System

/// Reads MATLAB's files of version 5, as far as ImageNet's development kit needs it: those fields of a list of
/// structures that are texts and numbers.
///
/// Source: MathWorks, "MAT-File Format" (level 5).
struct MATFile {
  enum Value: Equatable {
    case text(String)
    case number(Double)
    /// A value of any other kind.
    case other
  }

  /// Returns the structures of the variable `name`, each with its fields.
  static func structures(
    _ name: String, path: String, in files: SourceFiles
  ) throws(DataError) -> [[String: Value]] {
    let bytes = try files.contents(of: path, limit: largest, expected: expected)
    guard bytes.count > 128, bytes[126] == UInt8(ascii: "I"), bytes[127] == UInt8(ascii: "M") else {
      throw DataError(.invalid, path: path, expected: expected, found: describeContent(Array(bytes.prefix(64))))
    }
    var reader = Reader(bytes: bytes[128...])
    while let element = reader.element() {
      var content = element.content
      var type = element.type
      if type == 15 {
        guard let inflated = inflate(content) else { break }
        var inner = Reader(bytes: inflated[...])
        guard let element = inner.element() else { break }
        (type, content) = (element.type, element.content)
      }
      if type == 14, let found = structures(in: content, named: name) { return found }
    }
    throw DataError(.invalid, path: path, expected: "\(expected) with structures named \(name)", found: "none")
  }

  /// The largest size of a file, and of the content of a compressed one, in bytes. ImageNet's file has 3 MB.
  private static let largest = 1 << 25

  private static let expected = "a MATLAB file of version 5"

  private static func structures(in matrix: ArraySlice<UInt8>, named name: String) -> [[String: Value]]? {
    var reader = Reader(bytes: matrix)
    guard let flags = reader.element(), flags.content.first == 2, let extents = reader.element(),
      let title = reader.element(), String(decoding: title.content, as: UTF8.self) == name,
      let length = reader.element(), let names = reader.element()
    else { return nil }
    let width = Int(clamping: little(length.content))
    guard width > 0, !names.content.isEmpty, names.content.count % width == 0 else { return nil }
    let fields = stride(from: names.content.startIndex, to: names.content.endIndex, by: width).map {
      String(decoding: names.content[$0..<$0 + width].prefix { $0 != 0 }, as: UTF8.self)
    }
    let sizes = stride(from: extents.content.startIndex, to: extents.content.endIndex, by: 4).map {
      Int(little(extents.content[$0..<min($0 + 4, extents.content.endIndex)]))
    }
    var count = 1
    for size in sizes {
      guard size <= 1 << 20, count <= 1 << 20 else { return nil }
      count *= size
    }
    guard count <= 1 << 20 else { return nil }
    var structures: [[String: Value]] = []
    for _ in 0..<count {
      var structure: [String: Value] = [:]
      for field in fields {
        guard let element = reader.element() else { return nil }
        structure[field] = element.type == 14 ? value(element.content) : .other
      }
      structures.append(structure)
    }
    return structures
  }

  private static func value(_ matrix: ArraySlice<UInt8>) -> Value {
    var reader = Reader(bytes: matrix)
    guard let flags = reader.element(), let kind = flags.content.first, reader.element() != nil,
      reader.element() != nil, let data = reader.element()
    else { return .other }
    if kind == 4 {
      // Characters have one or two bytes each.
      guard data.type == 4 || data.type == 17 else { return .text(String(decoding: data.content, as: UTF8.self)) }
      let units = stride(from: data.content.startIndex, to: data.content.endIndex - 1, by: 2).map {
        UInt16(little(data.content[$0..<$0 + 2]))
      }
      return .text(String(decoding: units, as: UTF16.self))
    }
    guard let number = number(data), (6...15).contains(kind) else { return .other }
    return .number(number)
  }

  /// Returns a single number of any type.
  private static func number(_ data: Reader.Element) -> Double? {
    let bits = little(data.content.prefix(8))
    switch (data.type, data.content.count) {
    case (1, 1): return Double(Int8(truncatingIfNeeded: bits))
    case (2, 1), (4, 2), (6, 4), (13, 8): return Double(bits)
    case (3, 2): return Double(Int16(truncatingIfNeeded: bits))
    case (5, 4): return Double(Int32(truncatingIfNeeded: bits))
    case (7, 4): return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case (9, 8): return Double(bitPattern: bits)
    case (12, 8): return Double(Int64(bitPattern: bits))
    default: return nil
    }
  }

  private static func little(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A reader that goes from element to element.
  private struct Reader {
    typealias Element = (type: Int, content: ArraySlice<UInt8>)
    var bytes: ArraySlice<UInt8>

    mutating func element() -> Element? {
      guard bytes.count >= 8 else { return nil }
      let start = bytes.startIndex
      let word = little(bytes[start..<start + 4])
      if word >> 16 != 0 {
        // A small element has its type and length in one word, then four bytes of content.
        let count = Int(word >> 16)
        guard count <= 4 else { return nil }
        defer { bytes = bytes[(start + 8)...] }
        return (Int(word & 0xFFFF), bytes[start + 4..<start + 4 + count])
      }
      let count = Int(little(bytes[start + 4..<start + 8]))
      guard count <= bytes.count - 8 else { return nil }
      let end = start + 8 + count
      // Only compressed elements are not padded.
      let next = word == 15 ? end : min(start + 8 + 8 * count.dividedUp(by: 8), bytes.endIndex)
      defer { bytes = bytes[next...] }
      return (Int(word), bytes[start + 8..<end])
    }
  }

  private static func inflate(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var stream = z_stream()
    guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var source = Array(bytes)
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    return source.withUnsafeMutableBufferPointer { source -> [UInt8]? in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      while result.count < largest {
        let code = chunk.withUnsafeMutableBufferPointer { chunk in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(chunk.count)
          return CZlib.inflate(&stream, Z_NO_FLUSH)
        }
        result += chunk.prefix(chunk.count - Int(stream.avail_out))
        if code == Z_STREAM_END { return result }
        guard code == Z_OK else { return nil }
      }
      return nil
    }
  }
}
