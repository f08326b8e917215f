/// The bytes of text files, as editors and spreadsheets of different systems save them.
package enum PlainText {
  /// Returns text as UTF-8 without a byte order mark; nil where the bytes are not text of that kind.
  ///
  /// Editors of some systems put a mark before the first letter, which is not part of the text, and some save UTF-16
  /// after such a mark.
  package static func utf8(_ bytes: [UInt8]) -> [UInt8]? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      guard bytes.count % 2 == 0 else { return nil }
      let isLittle = bytes[0] == 0xFF
      var units: [UInt16] = []
      for place in stride(from: 2, to: bytes.count, by: 2) {
        let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
        units.append(isLittle ? second << 8 | first : first << 8 | second)
      }
      return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    return String(validating: text, as: UTF8.self) == nil ? nil : text
  }

  /// Returns text as a string without a byte order mark; nil where the bytes are not text.
  package static func string(_ bytes: [UInt8]) -> String? {
    utf8(bytes).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension StringProtocol {
  /// The text without the white space around it.
  package var trimmed: String {
    var part = Substring(self)
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
  }
}
