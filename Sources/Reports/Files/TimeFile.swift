import System

/// The seconds of rank 0 between two evaluations, by what they were spent on: a row of `time.csv`.
public struct TimeRow: Equatable, Sendable {
  /// The names of what the time is spent on.
  public static let parts = ["tower", "fc", "communication", "data", "evaluation", "checkpoint"]

  /// The number of steps done at the later evaluation.
  public var iteration: Int
  /// The seconds in the order of ``parts``.
  public var seconds: [Double]

  public init(iteration: Int, seconds: [Double]) {
    precondition(
      seconds.count == Self.parts.count, "\(seconds.count) parts of the time, expected \(Self.parts.count)")
    self.iteration = iteration
    self.seconds = seconds
  }
}

/// The table of where a run's time went, `time.csv`: one row for each evaluation.
package typealias TimeFile = TableFile<TimeRow>

extension TimeRow: TableRow {
  package static let fileName = RunFile.times.rawValue
  package static let columns = ["iteration"] + parts
  package static let plural = "times"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    self.init(iteration: try table.integer(row, 0), seconds: try table.numbers(row, from: 1))
  }

  package var fields: [String] { ["\(iteration)"] + seconds.map { "\($0)" } }
}
