import System

/// The first four bytes of an IDX file: two zeros, the type of its values, and how many dimensions they have.
struct IDXMagic: CustomStringConvertible {
  enum ValueType: UInt8 {
    case unsignedByte = 0x08
    case signedByte = 0x09
    case short = 0x0B
    case int = 0x0C
    case float = 0x0D
    case double = 0x0E
  }

  let type: ValueType
  let dimensionCount: Int

  /// Parses the magic number; the result is nil if `head` does not begin as an IDX file does.
  init?(_ head: [UInt8]) {
    guard FileKind(head.prefix(4)) == .idx, let type = ValueType(rawValue: head[2]) else { return nil }
    self.type = type
    dimensionCount = Int(head[3])
  }

  var description: String {
    let words = Self.word(type, dimensionCount)
    switch (type, dimensionCount) {
    case (.unsignedByte, 1): return "an IDX file of labels (magic \(words))"
    case (.unsignedByte, 3...4): return "an IDX file of images (magic \(words))"
    default:
      return "an IDX file of type \(type) with \(dimensionCount.counted("dimension")) (magic \(words))"
    }
  }

  /// The magic numbers of bytes with so many dimensions.
  static func words(_ dimensionCounts: ClosedRange<Int>) -> String {
    dimensionCounts.map { word(.unsignedByte, $0) }.joined(separator: " or ")
  }

  private static func word(_ type: ValueType, _ dimensionCount: Int) -> String {
    "0x" + hexadecimal(UInt32(type.rawValue) << 8 | UInt32(dimensionCount))
  }
}
