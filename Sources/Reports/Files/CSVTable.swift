import System

/// A table in comma-separated values, as RFC 4180 has them: a header, and fields that may be quoted.
package struct CSVTable {
  let path: String
  package let header: [String]
  /// The fields of each row, as many as the header has, with the line that the row begins on.
  package let rows: [(line: Int, fields: [String])]

  /// The table of a file; nil where there is none. A last line without its line break is still being written, and is
  /// left out unless it is whole.
  static func read(_ path: String) throws(FileError) -> CSVTable? {
    guard let text = try TextFile.read(path) else { return nil }
    return try CSVTable(text, path: path)
  }

  package init(_ text: String, path: String) throws(FileError) {
    var records = Self.records(text)
    guard !records.isEmpty else {
      throw FileError(table: path, problem: "expected a table with a header, found an empty file")
    }
    let header = records.removeFirst().fields
    if let last = records.last, last.fields.count != header.count, !text.hasSuffix("\n") { records.removeLast() }
    if let wrong = records.first(where: { $0.fields.count != header.count }) {
      throw FileError(
        table: path, problem: "line \(wrong.line) has \(wrong.fields.count) fields, the header has \(header.count)")
    }
    self.path = path
    self.header = header
    rows = records
  }

  private static func records(_ text: String) -> [(line: Int, fields: [String])] {
    var records: [(line: Int, fields: [String])] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var quoted = false
    var wasQuoted = false
    var (line, firstLine) = (1, 1)
    func endField() {
      fields.append(String(decoding: field, as: UTF8.self))
      field.removeAll(keepingCapacity: true)
      wasQuoted = false
    }
    func endRecord() {
      endField()
      if fields != [""] { records.append((firstLine, fields)) }
      fields.removeAll(keepingCapacity: true)
      firstLine = line
    }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n") { line += 1 }
      switch byte {
      case UInt8(ascii: "\"") where quoted: (quoted, wasQuoted) = (false, true)
      case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted: quoted = true
      case UInt8(ascii: "\"") where wasQuoted:
        // A quote doubled inside quotes is one.
        field.append(byte)
        quoted = true
      case UInt8(ascii: ",") where !quoted: endField()
      case UInt8(ascii: "\n") where !quoted: endRecord()
      case UInt8(ascii: "\r") where !quoted: break
      default: field.append(byte)
      }
    }
    if !field.isEmpty || !fields.isEmpty { endRecord() }
    return records
  }

  /// One field as it is written: quoted where it must be.
  static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// Refuses a table of other columns.
  func expect(header expected: String, of what: String) throws(FileError) {
    guard header.joined(separator: ",") == expected else {
      throw FileError(
        table: path,
        problem: "expected \(what) with the header \"\(expected)\", "
          + "found \(String(header.joined(separator: ",").prefix(240)).debugDescription)")
    }
  }

  /// A row's fields from a column on as numbers.
  func numbers(_ row: (line: Int, fields: [String]), from column: Int = 0) throws(FileError) -> [Double] {
    var numbers: [Double] = []
    for (name, field) in zip(header, row.fields).dropFirst(column) { numbers.append(try number(row.line, name, field)) }
    return numbers
  }

  func number(_ line: Int, _ name: String, _ field: String) throws(FileError) -> Double {
    guard let number = Double(field) else {
      throw FileError(
        table: path, problem: "line \(line): \(name) is no number: \(String(field.prefix(60)).debugDescription)")
    }
    return number
  }

  func integer(_ line: Int, _ name: String, _ field: String) throws(FileError) -> Int {
    // Sums of them must be numbers too.
    guard let number = Int(field), (0...1 << 40).contains(number) else {
      throw FileError(
        table: path,
        problem: "line \(line): \(name) is no number from 0 to 2^40: \(String(field.prefix(60)).debugDescription)")
    }
    return number
  }

  /// Refuses counts of errors that no evaluation has.
  func expectErrors(_ line: Int, top5: Int, top1: Int, images: Int) throws(FileError) {
    guard top5 <= top1, top1 <= images else {
      throw FileError(
        table: path,
        problem: "line \(line): expected top-5 errors ≤ top-1 errors ≤ images, found \(top5), \(top1) and \(images)")
    }
  }
}
