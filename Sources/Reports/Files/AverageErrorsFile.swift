import System

/// The errors of the moving average of the weights after an epoch, in percent: a row of `average.csv`. The errors of
/// the weights themselves are in `metrics.csv`.
public struct AverageErrorsRow: Equatable, Sendable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The number of steps done at the end of the epoch.
  public var iteration: Int
  public var validationTop1Error: Double
  public var validationTop5Error: Double

  public init(epoch: Int, iteration: Int, validationTop1Error: Double, validationTop5Error: Double) {
    self.epoch = epoch
    self.iteration = iteration
    self.validationTop1Error = validationTop1Error
    self.validationTop5Error = validationTop5Error
  }

  /// The row's figures with the names by which TensorBoard groups them.
  public var scalars: [(tag: String, value: Double)] {
    [("top1_error/validation_average", validationTop1Error), ("top5_error/validation_average", validationTop5Error)]
  }
}

/// The table of the moving average's errors, `average.csv`: one row for each evaluation of a run that keeps one.
package typealias AverageErrorsFile = TableFile<AverageErrorsRow>

extension AverageErrorsRow: TableRow {
  package static let fileName = RunFile.averages.rawValue
  package static let columns = ["epoch", "iteration", "validation_top1_error", "validation_top5_error"]
  package static let plural = "errors of the average"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    self.init(
      epoch: try table.integer(row, 0), iteration: try table.integer(row, 1),
      validationTop1Error: try table.number(row, 2), validationTop5Error: try table.number(row, 3))
  }

  package var fields: [String] { ["\(epoch)", "\(iteration)", "\(validationTop1Error)", "\(validationTop5Error)"] }
}
