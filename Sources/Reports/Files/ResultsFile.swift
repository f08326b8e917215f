import Foundation

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
}

/// The results of evaluations, a row for each, as a table that grows.
public enum ResultsFile {
  public static let header =
    "time,checkpoints,data,part,protocol,scales,mirror,average,images,top1_errors,top5_errors,top1_error,top5_error,"
    + "seconds,ranks"

  /// Refuses a file that rows cannot be added to, before anything is computed.
  public static func check(_ path: String) throws(ReportError) {
    if let table = try CSVTable.read(path) { try table.expect(header: header, of: "results of evaluations") }
    try TextFile.checkWritable(path)
  }

  /// Adds a row, and the header before the first one. Errors are in per cent, several checkpoints or scales apart by
  /// blanks.
  public static func append(_ row: ResultsRow, to path: String) throws(ReportError) {
    func error(_ count: Int) -> String {
      String(format: "%.4f", row.images == 0 ? 0 : 100 * Double(count) / Double(row.images))
    }
    let fields = [
      row.time, CSVTable.field(row.checkpoints.joined(separator: " ")), CSVTable.field(row.data), row.part, row.views,
      row.scales.map(String.init).joined(separator: " "), "\(row.mirror)", row.averaging, "\(row.images)",
      "\(row.top1)",
      "\(row.top5)", error(row.top1), error(row.top5), String(format: "%.2f", row.seconds), "\(row.ranks)",
    ]
    try TextFile.append(fields.joined(separator: ","), header: header, to: path)
  }
}
