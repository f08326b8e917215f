import System

/// One class's errors in an evaluation.
public struct ClassErrors: Equatable, Sendable {
  /// From 0.
  public var classIndex: Int
  public var name: String
  public var images: Int
  /// Images whose first guess was wrong.
  public var top1: Int
  /// Images whose class was not among the first five guesses.
  public var top5: Int

  public init(classIndex: Int, name: String, images: Int, top1: Int, top5: Int) {
    self.classIndex = classIndex
    self.name = name
    self.images = images
    self.top1 = top1
    self.top5 = top5
  }

  /// In per cent; 0 for a class without images.
  public var top1Error: Double { images == 0 ? 0 : 100 * Double(top1) / Double(images) }
  public var top5Error: Double { images == 0 ? 0 : 100 * Double(top5) / Double(images) }
}

/// The errors of an evaluation by class, as a table.
public enum ClassErrorsFile {
  /// In a run folder.
  public static let name = "per-class.csv"
  public static let header = "class,name,images,top1_errors,top5_errors"

  /// The table of a file.
  ///
  /// - Throws: where there is none, or one of something else.
  public static func read(_ path: String) throws(FileError) -> [ClassErrors] {
    guard let table = try CSVTable.read(path) else {
      throw FileError(
        .missing, path: path,
        problem: "there is no such file; `prelu-dist evaluate --classes` writes one, with the header \"\(header)\"")
    }
    return try parse(table)
  }

  /// Writes a table, in the place of an earlier one at once.
  public static func write(_ classes: [ClassErrors], to path: String) throws(FileError) {
    let rows = classes.map { "\($0.classIndex),\(CSVTable.field($0.name)),\($0.images),\($0.top1),\($0.top5)\n" }
    try TextFile.replace(path, with: "\(header)\n" + rows.joined())
  }

  static func parse(_ table: CSVTable) throws(FileError) -> [ClassErrors] {
    try table.expect(header: header, of: "an evaluation's errors by class")
    var result: [ClassErrors] = []
    var seen: Set<Int> = []
    for (line, fields) in table.rows {
      let errors = ClassErrors(
        classIndex: try table.integer(line, "class", fields[0]), name: fields[1],
        images: try table.integer(line, "images", fields[2]), top1: try table.integer(line, "top1_errors", fields[3]),
        top5: try table.integer(line, "top5_errors", fields[4]))
      try table.expectErrors(line, top5: errors.top5, top1: errors.top1, images: errors.images)
      guard seen.insert(errors.classIndex).inserted else {
        throw FileError(table: table.path, problem: "line \(line): class \(errors.classIndex) is there twice")
      }
      result.append(errors)
    }
    return result
  }
}
