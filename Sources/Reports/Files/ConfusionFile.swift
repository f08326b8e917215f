import System

/// The table of an evaluation's guesses for each class: a row for each class, with a column for each guess.
public enum ConfusionFile {
  /// Returns the output of a table at a path that a person gave.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "a table of guesses by class", beginnings: [beginning])
  }

  private static let beginning = "class,name,images,"

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
}
