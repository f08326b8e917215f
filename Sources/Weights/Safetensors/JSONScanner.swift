import System

/// A reader of JSON values one after the other, of the kinds that a safetensors header has: objects, texts, lists of
/// whole numbers that are not negative. The caller says what it expects; anything else is refused.
struct JSONScanner {
  typealias Malformed = SafetensorsHeader.Malformed

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads an object; `value` reads the value of each name.
  mutating func object(
    _ value: (_ name: String, _ scanner: inout JSONScanner) throws(Malformed) -> Void
  ) throws(Malformed) {
    try expect("{")
    guard !takes("}") else { return }
    repeat {
      let name = try text()
      try expect(":")
      try value(name, &self)
    } while takes(",")
    try expect("}")
  }

  /// Reads a list of at most `limit` whole numbers that are not negative.
  mutating func numbers(limit: Int) throws(Malformed) -> [Int] {
    try expect("[")
    var numbers: [Int] = []
    guard !takes("]") else { return [] }
    repeat {
      guard numbers.count < limit else { throw malformed("at most \(limit) numbers") }
      numbers.append(try number())
    } while takes(",")
    try expect("]")
    return numbers
  }

  private mutating func number() throws(Malformed) -> Int {
    skipSpace()
    var number: Int?
    while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
      let (product, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
      let (sum, overflows) = product.addingReportingOverflow(Int(bytes[place] - UInt8(ascii: "0")))
      // JSON has no leading zeros, and a second writing of a number is none of ours.
      guard !overflow, !overflows, number != 0 else { throw malformed("a number of at most 19 digits") }
      number = sum
      place += 1
    }
    guard let number else { throw malformed("a whole number") }
    return number
  }

  /// Reads a text.
  mutating func text() throws(Malformed) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else { throw malformed("UTF-8") }
        return result
      case UInt8(ascii: "\\"): text.append(contentsOf: try escaped())
      case 0..<0x20: throw malformed("a text without control characters")
      default: text.append(byte)
      }
    }
    throw malformed("the end of a text")
  }

  /// Reads what follows a backslash.
  private mutating func escaped() throws(Malformed) -> [UInt8] {
    guard place < bytes.count else { throw malformed("a character after a backslash") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var value = UInt32(try unit())
      if (0xD800..<0xDC00).contains(value) {
        guard bytes[place...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
          throw malformed("the second half of a surrogate pair")
        }
        place += 2
        let second = UInt32(try unit())
        guard (0xDC00..<0xE000).contains(second) else { throw malformed("the second half of a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (second - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw malformed("a Unicode character") }
      return Array(String(Character(scalar)).utf8)
    default: throw malformed("an escaped character")
    }
  }

  private mutating func unit() throws(Malformed) -> UInt16 {
    let digits = bytes[place...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed("four hexadecimal digits") }
    place += 4
    return unit
  }

  /// Refuses anything but white space from here on: writers pad the header with it.
  mutating func end() throws(Malformed) {
    skipSpace()
    guard place == bytes.count else { throw malformed("the header's end") }
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
    guard takes(character) else { throw malformed("\(character)") }
  }

  private func malformed(_ expected: String) -> Malformed {
    let found = String(decoding: bytes[min(place, bytes.count)...].prefix(20), as: UTF8.self)
    return Malformed(
      problem: "the header is not JSON of the form that it must have: expected \(expected) at byte \(place), found "
        + (found.isEmpty ? "its end" : found.quoted()))
  }
}
