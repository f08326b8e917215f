import System

/// The numbers of a figure.
public struct FigureTable: Equatable, Sendable {
  public enum Cell: Equatable, Sendable {
    case text(String)
    case number(Double)
    case none

    init(_ number: Double?) { self = number.map(Cell.number) ?? .none }
    init(_ number: Int) { self = .number(Double(number)) }
  }

  public let columns: [String]
  public var rows: [[Cell]]

  init(_ columns: [String], rows: [[Cell]] = []) {
    self.columns = columns
    self.rows = rows
  }

  /// All rows as comma-separated values. Numbers have the fewest digits that read back as the same number.
  public var csv: String {
    ([columns] + rows.map { $0.map(Self.field) }).map { $0.map(CSVTable.field).joined(separator: ",") + "\n" }.joined()
  }

  private static func field(_ cell: Cell) -> String {
    switch cell {
    case .text(let text): return text
    case .none: return ""
    case .number(let number):
      if number == number.rounded(), abs(number) < 1e15 { return String(Int(number)) }
      return "\(number)"
    }
  }

  /// Returns the rows as a table of a page; where there are more than `limit`, it has only so many, evenly spread, with
  /// a note.
  func html(limit: Int = 120) -> String {
    let shown =
      rows.count <= limit
      ? rows : (0..<limit).map { rows[$0 * (rows.count - 1) / (limit - 1)] }
    var text = "<div class=\"scroll\"><table><thead><tr>"
    text += columns.map { "<th>\(escaped($0.replacing("_", with: " ")))</th>" }.joined() + "</tr></thead><tbody>\n"
    for row in shown { text += "<tr>" + row.map(Self.html).joined() + "</tr>\n" }
    text += "</tbody></table></div>"
    if rows.count > limit {
      text += "<p class=\"note\">\(limit) of \(rows.count.counted("row", grouped: true)); the CSV has all.</p>"
    }
    return text
  }

  private static func html(_ cell: Cell) -> String {
    switch cell {
    case .text(let text): "<td>\(escaped(text))</td>"
    case .number(let number): "<td class=\"n\">\(Number.short(number))</td>"
    case .none: "<td></td>"
    }
  }
}
