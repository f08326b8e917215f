import System

/// The table of an evaluation's precision, recall and F1 of each class, with their means in the last rows.
public enum MeasuresFile {
  /// A row of the table.
  public struct Row: Equatable, Sendable {
    /// The number of the class, or the kind of mean.
    public var label: String
    public var name: String
    public var images: Int
    public var guesses: Int
    public var precision: Double
    public var recall: Double
    public var f1: Double

    public init(
      label: String, name: String, images: Int, guesses: Int, measures: (precision: Double, recall: Double, f1: Double)
    ) {
      self.label = label
      self.name = name
      self.images = images
      self.guesses = guesses
      (precision, recall, f1) = measures
    }
  }

  private static let header = "class,name,images,guesses,precision,recall,f1"

  /// Returns the output of a table at a path that a person gave.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "a table of measures by class", beginnings: [header + "\n"])
  }

  /// Writes a table, in the place of an earlier one at once.
  public static func write(_ rows: [Row], to path: String) throws(FileError) {
    let lines = rows.map {
      "\($0.label),\(CSVTable.field($0.name)),\($0.images),\($0.guesses),\($0.precision),\($0.recall),\($0.f1)\n"
    }
    try TextFile.replace(path, with: "\(header)\n" + lines.joined())
  }
}
