/// A line of a list without a header: a path, a separator, a label.
enum ListLine {
  static let tab = UInt8(ascii: "\t")
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let blank = UInt8(ascii: " ")
  static let comma = UInt8(ascii: ",")
  static let semicolon = UInt8(ascii: ";")
  static let quote = UInt8(ascii: "\"")

  static func isWhite(_ byte: UInt8) -> Bool { byte == blank || (9...13).contains(byte) }

  static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: isWhite)
    while let last = bytes.last, isWhite(last) { bytes.removeLast() }
    return bytes
  }

  /// Divides a line into path and label; the result is nil if it does not have both.
  static func divide(_ line: ArraySlice<UInt8>) -> (name: [UInt8], label: [UInt8])? {
    if line.first == quote || line.last == quote {
      for separator in [tab, comma, semicolon, blank] {
        let fields = fields(line, separator)
        if fields.count == 2 { return fields[0].isEmpty || fields[1].isEmpty ? nil : (fields[0], fields[1]) }
      }
    }
    guard let separator = separator(line) else { return nil }
    // The comma in "name, label" belongs to neither.
    var name = line[..<separator]
    while let last = name.last, last == comma || isWhite(last) { name.removeLast() }
    let label = trim(line[(separator + 1)...])
    return name.isEmpty || label.isEmpty ? nil : (Array(name), Array(label))
  }

  /// Returns whether a line is a comment: it begins with `#`, and is not that of a picture whose name does.
  static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    guard line.first == UInt8(ascii: "#") else { return false }
    guard let next = line.first(where: { $0 != UInt8(ascii: "#") }), !isWhite(next), let (name, _) = divide(line) else {
      return true
    }
    return !FileEnding.isPicture(String(decoding: name, as: UTF8.self))
  }

  /// Returns the place of the separator between path and label: the last tab; if there is none, the last comma, unless
  /// it is in the path; then the last semicolon, unless a blank follows a picture's name; otherwise the last blank.
  private static func separator(_ line: ArraySlice<UInt8>) -> Int? {
    if let tab = line.lastIndex(of: tab) { return tab }
    let blank = line.lastIndex(of: blank)
    func isPictureName(_ end: Int) -> Bool {
      FileEnding.isPicture(String(decoding: trim(line[..<end]), as: UTF8.self))
    }
    for mark in [comma, semicolon] {
      guard let place = line.lastIndex(of: mark) else { continue }
      // In "a, b.jpg 3", only the blank ends a picture's name.
      if let blank, place < blank, !isPictureName(place), isPictureName(blank) { return blank }
      return place
    }
    return blank
  }

  /// Returns the fields of a line, which may be quoted (RFC 4180), without the white space around them.
  static func fields(_ line: ArraySlice<UInt8>, _ separator: UInt8) -> [[UInt8]] {
    var fields: [[UInt8]] = []
    var field: [UInt8] = []
    var (isQuoted, wasQuoted) = (false, false)
    func end() {
      fields.append(wasQuoted ? field : Array(trim(field[...])))
      (field, wasQuoted) = ([], false)
    }
    for byte in line {
      if byte == quote, isQuoted || field.allSatisfy(isWhite) {
        // Two quotes in a row inside quotes stand for one.
        if !isQuoted, wasQuoted { field.append(byte) }
        if !isQuoted, !wasQuoted { field = [] }
        (isQuoted, wasQuoted) = (!isQuoted, true)
      } else if byte == quote, wasQuoted {
        field.append(byte)
        isQuoted = true
      } else if byte == separator, !isQuoted {
        end()
      } else if isQuoted || !wasQuoted || !isWhite(byte) {
        field.append(byte)
      }
    }
    end()
    return fields
  }
}
