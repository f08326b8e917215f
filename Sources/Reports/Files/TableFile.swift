import System
import SystemPackage

/// A row of a table that a run adds rows to.
package protocol TableRow: Sendable {
  /// The name of the table's file in a run folder.
  static var fileName: String { get }
  /// The names of the columns, in order. One of them is "iteration": the number of steps done at the row.
  static var columns: [String] { get }
  /// The word that messages have for the rows, such as "times".
  static var plural: String { get }

  /// Reads a row of a table that has the columns.
  init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError)

  /// The fields in the order of the columns. Numbers have the fewest digits that read back as the same number.
  var fields: [String] { get }

  /// Puts all rows of a table in order, the later one in the place of an earlier one that says the same thing.
  static func ordered(_ rows: [Self]) -> [Self]
}

extension TableRow {
  package static func ordered(_ rows: [Self]) -> [Self] { rows }
}

/// A table that a run adds rows to, in the order of iterations: comma-separated values with a header.
///
/// Rows are added by one call at the end of the file, so a reader sees a half-written one only after the machine
/// failed.
package struct TableFile<Row: TableRow>: Sendable {
  /// The name of the file in a run folder.
  package static var name: String { Row.fileName }
  /// The line with the columns' names.
  package static var header: String { Row.columns.joined(separator: ",") }
  /// The largest file that `truncate` takes, in bytes.
  private static var sizeLimit: Int { 1 << 30 }

  package let path: String

  /// - Parameter path: the file, which need not exist yet.
  package init(path: String) {
    self.path = path
  }

  /// Adds a row, and the header before the first one.
  package func append(_ row: Row) throws(FileError) { try append([row]) }

  /// Adds rows by one call, and the header before the first one.
  package func append(_ rows: [Row]) throws(FileError) {
    let lines = rows.map { $0.fields.map(CSVTable.field).joined(separator: ",") }
    try TextFile.append(lines.joined(separator: "\n"), header: Self.header, to: path)
  }

  /// Returns the rows; none where there is no file. A last line that is not whole is left out.
  package func rows() throws(FileError) -> [Row] {
    guard let text = try TextFile.read(path) else { return [] }
    let whole = text.utf8.lastIndex(of: UInt8(ascii: "\n")).map { text[...$0] } ?? ""
    // The header's beginning is all that a machine that failed may have left.
    if whole.isEmpty, Self.header.hasPrefix(text) { return [] }
    let table = try CSVTable(whole.isEmpty ? text : String(whole), path: path)
    try table.expect(header: Self.header, of: Row.plural)
    var rows: [Row] = []
    for row in table.rows { rows.append(try Row(row, of: table)) }
    return Row.ordered(rows)
  }

  /// Cuts off the rows past `iteration`, to which a run that goes on from there comes again, and a last line that is
  /// not whole. The rest is a beginning of the file, so that it needs no copy.
  ///
  /// - Throws: also where the file is another table, to which no row must be added.
  package func truncate(afterIteration iteration: Int) throws(FileError) {
    let file: RegularFile
    do throws(RegularFileError) {
      file = try RegularFile(path, .readWrite, limit: Self.sizeLimit)
    } catch {
      if error.isAbsence { return }
      throw FileError(error, path: path, table: "a text of at most \(Self.sizeLimit) bytes")
    }
    guard file.size > 0 else { return }
    let length: Result<Int, FileError>
    do throws(Errno) {
      length = try file.withMapped { text in
        Result { () throws(FileError) in try self.length(of: text, upTo: iteration) }
      }
    } catch {
      throw FileError(.cannotRead, path: path, what: "cannot be read", code: error)
    }
    let kept = try length.get()
    guard kept < file.size else { return }
    do throws(Errno) {
      try file.resize(to: kept)
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be shortened", code: error)
    }
  }

  /// Returns the number of bytes of the header and the whole lines up to an iteration.
  private func length(of text: UnsafeRawBufferPointer, upTo iteration: Int) throws(FileError) -> Int {
    let (lineBreak, comma) = (UInt8(ascii: "\n"), UInt8(ascii: ","))
    let headerEnd = text.firstIndex(of: lineBreak)
    let header = text[..<(headerEnd ?? text.count)]
    guard let headerEnd, header.elementsEqual(Self.header.utf8) else {
      if headerEnd == nil, Self.header.utf8.starts(with: header) { return 0 }
      throw CSVTable.wrongHeader(
        path, expected: Self.header, of: Row.plural, found: String(decoding: header.prefix(1000), as: UTF8.self))
    }
    guard let column = Row.columns.firstIndex(of: "iteration") else {
      preconditionFailure("a table of a run with the columns \(Self.header), none of which is the iteration")
    }
    var (line, start) = (2, headerEnd + 1)
    while let end = text[start...].firstIndex(of: lineBreak) {
      var field = text[start..<end]
      if !field.isEmpty {
        for _ in 0..<column { field = field.drop { $0 != comma }.dropFirst() }
        let word = String(decoding: field.prefix { $0 != comma }.prefix(100), as: UTF8.self)
        if try CSVTable.integer(word, "iteration", line: line, path) > iteration { return start }
      }
      (line, start) = (line + 1, end + 1)
    }
    return start
  }
}
