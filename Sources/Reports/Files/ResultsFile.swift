import Foundation
import System

/// The result of one evaluation: a row of a table of results.
public struct ResultsRow: Equatable, Sendable {
  /// The time of the evaluation: ISO 8601.
  public var time: String
  /// The paths of the networks, as the evaluation was given them.
  public var checkpoints: [String]
  /// The path of the data, as the evaluation was given it.
  public var data: String
  /// The split of the data.
  public var split: String
  /// The name of the views of each image.
  public var views: String
  /// The shorter sides that images were resized to; empty for those of the networks' own recipes.
  public var scales: [Int]
  public var mirror: Bool
  /// The name of the quantity that is averaged over views and networks.
  public var averaging: String
  /// The number of images.
  public var images: Int
  /// The number of images whose first guess was wrong.
  public var top1: Int
  /// The number of images whose class was not among the first five guesses.
  public var top5: Int
  public var seconds: Double
  public var ranks: Int

  public init(
    time: String, checkpoints: [String], data: String, split: String, views: String, scales: [Int], mirror: Bool,
    averaging: String, images: Int, top1: Int, top5: Int, seconds: Double, ranks: Int
  ) {
    self.time = time
    self.checkpoints = checkpoints
    self.data = data
    self.split = split
    self.views = views
    self.scales = scales
    self.mirror = mirror
    self.averaging = averaging
    self.images = images
    self.top1 = top1
    self.top5 = top5
    self.seconds = seconds
    self.ranks = ranks
  }

  /// The top-1 error in percent; 0 where there are no images.
  var top1Error: Double { images == 0 ? 0 : 100 * Double(top1) / Double(images) }
  /// The top-5 error in percent; 0 where there are no images.
  var top5Error: Double { images == 0 ? 0 : 100 * Double(top5) / Double(images) }
}

/// The table of evaluations' results, which grows by a row for each.
public enum ResultsFile {
  /// The name of the file in a run folder.
  public static let name = RunFile.results.rawValue
  public static let header =
    "time,checkpoints,data,split,protocol,scales,mirror,average,images,top1_errors,top5_errors,top1_error,top5_error,"
    + "seconds,ranks"

  /// Refuses a file that rows cannot be added to, before anything is computed.
  public static func check(_ path: String) throws(FileError) {
    try RunFile.check(path, kind: "a table of results", own: .results)
    if let table = try CSVTable.read(path) { try table.expect(header: header, of: "results of evaluations") }
    try FileSystem.checkWritable(path)
  }

  /// Adds a row, and the header before the first one. Errors are in percent; blanks separate several checkpoints or
  /// scales.
  public static func append(_ row: ResultsRow, to path: String) throws(FileError) {
    let fields = [
      row.time, CSVTable.field(row.checkpoints.joined(separator: " ")), CSVTable.field(row.data), row.split, row.views,
      row.scales.map(String.init).joined(separator: " "), "\(row.mirror)", row.averaging, "\(row.images)",
      "\(row.top1)", "\(row.top5)", String(format: "%.4f", row.top1Error),
      String(format: "%.4f", row.top5Error), String(format: "%.2f", row.seconds), "\(row.ranks)",
    ]
    try TextFile.append(fields.joined(separator: ","), header: header, to: path)
  }

  /// Reads the rows of a table. Checkpoints whose names have blanks are taken for several.
  static func parse(_ table: CSVTable) throws(FileError) -> [ResultsRow] {
    try table.expect(header: header, of: "results of evaluations")
    var rows: [ResultsRow] = []
    for row in table.rows {
      let fields = row.fields
      var scales: [Int] = []
      for scale in fields[5].split(separator: " ") {
        scales.append(try CSVTable.integer(String(scale), "scales", line: row.line, table.path))
      }
      let result = ResultsRow(
        time: fields[0], checkpoints: fields[1].split(separator: " ").map(String.init), data: fields[2],
        split: fields[3], views: fields[4], scales: scales, mirror: fields[6] == "true", averaging: fields[7],
        images: try table.integer(row, 8), top1: try table.integer(row, 9), top5: try table.integer(row, 10),
        seconds: try table.number(row, 13), ranks: try table.integer(row, 14))
      try table.expectErrors(row, top5: result.top5, top1: result.top1, images: result.images)
      rows.append(result)
    }
    return rows
  }
}
