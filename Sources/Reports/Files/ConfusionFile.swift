import System

/// The table of an evaluation's guesses for each class: a row for each class, with a column for each guess.
public enum ConfusionFile {
  /// The name of the file in a run folder.
  public static let name = RunFile.confusion.rawValue

  /// Returns the output of a table at a path that a person gave.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "a table of guesses by class", runFile: .confusion, beginnings: [beginning])
  }

  private static let beginning = "class,name,images,"

  /// Returns whether a header is that of such a table.
  static func isHeader(_ header: [String]) -> Bool { header.joined(separator: ",").hasPrefix(beginning) }

  /// Writes a table, in the place of an earlier one at once. Columns bear the classes' numbers, because two classes may
  /// have the same name.
  /// - Parameter counts: The number of images of each class for each guess: (classes, guesses).
  public static func write(_ counts: [Int], classNames: [String], to path: String) throws(FileError) {
    let classes = classNames.count
    precondition(counts.count == classes * classes, "\(counts.count) numbers for \(classes) classes")
    var text = beginning + (0..<classes).map(String.init).joined(separator: ",") + "\n"
    for (index, name) in classNames.enumerated() {
      let row = counts[index * classes..<(index + 1) * classes]
      text += "\(index),\(CSVTable.field(name)),\(row.reduce(0, +)),"
      text += row.map(String.init).joined(separator: ",") + "\n"
    }
    try TextFile.replace(path, with: text)
  }

  /// Reads the rows of a table.
  static func parse(_ table: CSVTable) throws(FileError) -> Confusion {
    let count = table.header.count - 3
    let columns = beginning + (0..<max(count, 0)).map(String.init).joined(separator: ",")
    guard count > 0, table.header.joined(separator: ",") == columns else {
      throw CSVTable.wrongHeader(
        table.path, expected: "\(beginning)0,1,…", of: "guesses by class", found: table.header.joined(separator: ","))
    }
    guard table.rows.count == count else {
      throw FileError(
        table: table.path,
        problem: "expected a row for each of \(count.counted("class")), found \(table.rows.count.counted("row"))")
    }
    var confusion = Confusion(classNames: [], counts: [])
    for (index, row) in table.rows.enumerated() {
      guard try table.integer(row, 0) == index else {
        throw FileError(
          table: table.path, problem: "line \(row.line): expected class \(index), found \(row.fields[0])")
      }
      var own: [Int] = []
      for column in 3..<table.header.count { own.append(try table.integer(row, column)) }
      let images = try table.integer(row, 2)
      guard own.reduce(0, +) == images else {
        throw FileError(
          table: table.path,
          problem: "line \(row.line): expected \(images.counted("guess", "guesses")), one for each image, found "
            + "\(own.reduce(0, +))")
      }
      confusion.classNames.append(row.fields[1])
      confusion.counts += own
    }
    return confusion
  }
}
