import System

/// A table in comma-separated values (RFC 4180): a header, and fields that may be quoted.
package struct CSVTable {
  /// A row of a table.
  package struct Row: Sendable {
    /// The number of the line that the row begins on, from 1.
    let line: Int
    /// The fields, as many as the header has.
    package let fields: [String]
  }

  let path: String
  package let header: [String]
  package let rows: [Row]

  /// Reads the table of a file; returns nil where there is none. A last line without its line break may still be being
  /// written: it is left out where it has other fields than the header.
  static func read(_ path: String) throws(FileError) -> CSVTable? {
    guard let text = try TextFile.read(path) else { return nil }
    return try CSVTable(text, path: path)
  }

  /// - Parameter path: the name of the table in messages.
  package init(_ text: String, path: String) throws(FileError) {
    var records = Self.records(text)
    guard !records.isEmpty else {
      throw FileError(table: path, problem: "expected a table with a header, found an empty file")
    }
    let header = records.removeFirst().fields
    if let last = records.last, last.fields.count != header.count, text.utf8.last != UInt8(ascii: "\n") {
      records.removeLast()
    }
    if let wrong = records.first(where: { $0.fields.count != header.count }) {
      throw FileError(
        table: path,
        problem:
          "expected \(header.count.counted("field")) as in the header, "
          + "found \(wrong.fields.count) in line \(wrong.line)"
      )
    }
    self.path = path
    self.header = header
    rows = records
  }

  private static func records(_ text: String) -> [Row] {
    var records: [Row] = []
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
      if fields != [""] { records.append(Row(line: firstLine, fields: fields)) }
      fields.removeAll(keepingCapacity: true)
      firstLine = line
    }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n") { line += 1 }
      switch byte {
      case UInt8(ascii: "\"") where quoted: (quoted, wasQuoted) = (false, true)
      case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted: quoted = true
      case UInt8(ascii: "\"") where wasQuoted:
        // Two quotes in a row inside quotes stand for one.
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

  /// Returns a field as it is written: quoted where it must be.
  package static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  // MARK: - Checks

  /// Refuses a table of other columns.
  ///
  /// - Parameter what: the word that messages have for the rows.
  func expect(header expected: String, of what: String) throws(FileError) {
    let found = header.joined(separator: ",")
    guard found == expected else { throw Self.wrongHeader(path, expected: expected, of: what, found: found) }
  }

  static func wrongHeader(_ path: String, expected: String, of what: String, found: String) -> FileError {
    FileError(
      table: path,
      problem: "expected \(what) with the header \"\(expected)\", found \(String(found.prefix(240)).debugDescription)")
  }

  /// Returns a row's fields from a column on as numbers.
  func numbers(_ row: Row, from column: Int) throws(FileError) -> [Double] {
    var numbers: [Double] = []
    for column in column..<header.count { numbers.append(try number(row, column)) }
    return numbers
  }

  /// Returns a field as a number, which may be NaN or infinite.
  func number(_ row: Row, _ column: Int) throws(FileError) -> Double {
    guard let number = Double(row.fields[column]) else {
      throw Self.wrongField(row.fields[column], header[column], line: row.line, path, expected: "a number")
    }
    return number
  }

  /// Returns a field as a whole number.
  func integer(_ row: Row, _ column: Int) throws(FileError) -> Int {
    try Self.integer(row.fields[column], header[column], line: row.line, path)
  }

  static func integer(_ field: String, _ name: String, line: Int, _ path: String) throws(FileError) -> Int {
    // The limit keeps sums of such numbers from overflowing.
    guard let number = Int(field), (0...1 << 40).contains(number) else {
      throw wrongField(field, name, line: line, path, expected: "a whole number from 0 to 2^40")
    }
    return number
  }

  private static func wrongField(
    _ field: String, _ name: String, line: Int, _ path: String, expected: String
  ) -> FileError {
    FileError(
      table: path,
      problem: "line \(line), \(name): expected \(expected), found \(String(field.prefix(60)).debugDescription)")
  }

  /// Refuses counts of errors that no evaluation has.
  func expectErrors(_ row: Row, top5: Int, top1: Int, images: Int) throws(FileError) {
    guard top5 <= top1, top1 <= images else {
      throw FileError(
        table: path,
        problem: "line \(row.line): expected top-5 errors ≤ top-1 errors ≤ images, found \(top5), \(top1) and "
          + "\(images)")
    }
  }
}
