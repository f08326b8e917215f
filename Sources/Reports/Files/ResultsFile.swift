import Foundation
import System

/// One evaluation: a line of a table of results.
public struct ResultsRow: Equatable, Sendable {
  /// ISO 8601.
  public var time: String
  public var checkpoints: [String]
  public var data: String
  public var part: String
  public var views: String
  /// Empty: as the networks' own recipes have it.
  public var scales: [Int]
  public var mirror: Bool
  public var averaging: String
  public var images: Int
  public var top1: Int
  public var top5: Int
  public var seconds: Double
  public var ranks: Int

  public init(
    time: String, checkpoints: [String], data: String, part: String, views: String, scales: [Int], mirror: Bool,
    averaging: String, images: Int, top1: Int, top5: Int, seconds: Double, ranks: Int
  ) {
    self.time = time
    self.checkpoints = checkpoints
    self.data = data
    self.part = part
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

  /// In per cent; 0 of no images.
  var top1Error: Double { images == 0 ? 0 : 100 * Double(top1) / Double(images) }
  var top5Error: Double { images == 0 ? 0 : 100 * Double(top5) / Double(images) }
}

/// The results of evaluations, a row for each, as a table that grows.
public enum ResultsFile {
  /// In a run folder.
  public static let name = "results.csv"
  public static let header =
    "time,checkpoints,data,part,protocol,scales,mirror,average,images,top1_errors,top5_errors,top1_error,top5_error,"
    + "seconds,ranks"

  /// Refuses a file that rows cannot be added to, before anything is computed.
  public static func check(_ path: String) throws(FileError) {
    if let table = try CSVTable.read(path) { try table.expect(header: header, of: "results of evaluations") }
    try FileSystem.checkWritable(path)
  }

  /// Adds a row, and the header before the first one. Errors are in per cent, several checkpoints or scales apart by
  /// blanks.
  public static func append(_ row: ResultsRow, to path: String) throws(FileError) {
    let fields = [
      row.time, CSVTable.field(row.checkpoints.joined(separator: " ")), CSVTable.field(row.data), row.part, row.views,
      row.scales.map(String.init).joined(separator: " "), "\(row.mirror)", row.averaging, "\(row.images)",
      "\(row.top1)", "\(row.top5)", String(format: "%.4f", row.top1Error),
      String(format: "%.4f", row.top5Error), String(format: "%.2f", row.seconds), "\(row.ranks)",
    ]
    try TextFile.append(fields.joined(separator: ","), header: header, to: path)
  }

  /// Of several checkpoints whose names have blanks more appear than there are.
  static func parse(_ table: CSVTable) throws(FileError) -> [ResultsRow] {
    try table.expect(header: header, of: "results of evaluations")
    var rows: [ResultsRow] = []
    for (line, fields) in table.rows {
      var scales: [Int] = []
      for scale in fields[5].split(separator: " ") { scales.append(try table.integer(line, "scales", String(scale))) }
      let row = ResultsRow(
        time: fields[0], checkpoints: fields[1].split(separator: " ").map(String.init), data: fields[2],
        part: fields[3], views: fields[4], scales: scales, mirror: fields[6] == "true", averaging: fields[7],
        images: try table.integer(line, "images", fields[8]), top1: try table.integer(line, "top1_errors", fields[9]),
        top5: try table.integer(line, "top5_errors", fields[10]),
        seconds: try table.number(line, "seconds", fields[13]), ranks: try table.integer(line, "ranks", fields[14]))
      try table.expectErrors(line, top5: row.top5, top1: row.top1, images: row.images)
      rows.append(row)
    }
    return rows
  }
}
