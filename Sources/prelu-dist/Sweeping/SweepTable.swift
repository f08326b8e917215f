import Configuration
import Foundation
import Recording
import Reports
import System

/// The runs of a sweep with their results, those of the least validation error first.
struct SweepTable {
  struct Row {
    let run: Sweep.Run
    /// The number of epochs done.
    let epochs: Int
    /// The least validation error in percent, of the moving average of the weights where a run keeps one; nil where
    /// nothing validates.
    let validationError: Double?
    /// The test error of the best checkpoint in percent; nil before the end of a run, and without a test split.
    let testError: Double?
    /// The seconds of training.
    let seconds: Double
  }

  let rows: [Row]
  private let paths: [String]

  /// Reads the tables of all runs. Runs without any row are left out.
  init(_ folder: SweepFolder) throws {
    paths = folder.sweep.paths
    rows = try folder.sweep.runs.compactMap { try Self.row($0, of: folder) }.sorted { a, b in
      (a.validationError ?? a.testError ?? .infinity, a.run.name)
        < (b.validationError ?? b.testError ?? .infinity, b.run.name)
    }
  }

  /// Reads the tables of a run; returns nil where they have no row yet.
  static func row(_ run: Sweep.Run, of folder: SweepFolder) throws -> Row? {
    guard FileSystem.isFolder(folder.folder(of: run)) else { return nil }
    var contents = try RunContents(tablesOf: folder.folder(of: run))
    try contents.readEvaluations()
    guard let last = contents.metrics.last else { return nil }
    let plain = contents.metrics.compactMap(\.validationTop1Error).min()
    return Row(
      run: run, epochs: last.epoch, validationError: contents.averages.map(\.validationTop1Error).min() ?? plain,
      testError: contents.testError, seconds: last.seconds)
  }

  /// Returns the runs of a sweep with their settings.
  static func settings(of sweep: Sweep) -> String {
    aligned([["run"] + sweep.paths] + sweep.runs.map { [$0.name] + $0.values })
  }

  private var header: [String] {
    ["run"] + paths + ["epochs", "validation_top1_error", "test_top1_error", "seconds"]
  }

  private func fields(_ row: Row, digits: String) -> [String] {
    func number(_ value: Double?) -> String { value.map { String(format: digits, $0) } ?? "" }
    return [row.run.name] + row.run.values
      + ["\(row.epochs)", number(row.validationError), number(row.testError), String(format: "%.0f", row.seconds)]
  }

  /// The table for people.
  var text: String { Self.aligned([header] + rows.map { fields($0, digits: "%.2f") }) }

  /// Returns rows of words in columns, two spaces apart.
  private static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }.joined(separator: "\n")
  }

  /// The errors by which the runs are sorted: of the validation images, or where none validate of the test images.
  private var results: SweepResults {
    let validates = rows.contains { $0.validationError != nil }
    let runs = rows.compactMap { row in
      (validates ? row.validationError : row.testError).map {
        SweepResults.Run(name: row.run.name, values: row.run.values, error: $0)
      }
    }
    return SweepResults(paths: paths, runs: runs, errorName: "\(validates ? "validation" : "test") top-1 error")
  }

  /// Writes the table, and the page that shows the errors by setting and overlays the runs below it.
  func write(to folder: SweepFolder) throws {
    func file(_ name: String) -> String { FileSystem.path(name, in: folder.path) }
    let lines = [header] + rows.map { fields($0, digits: "%.6g") }
    let csv = lines.map { $0.map(CSVTable.field).joined(separator: ",") + "\n" }.joined()
    try TextFile.replace(file(RunFile.sweepTable), with: csv)
    try TextFile.replace(file(RunFile.sweepText), with: text + "\n")
    let report = try Report(
      paths: rows.map { folder.folder(of: $0.run) }, pictures: ReportedPictures(), note: file(RunFile.sweepText),
      sweep: results)
    try report.write(to: file(RunFile.report.rawValue))
  }
}
