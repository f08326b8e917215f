import System

/// Seconds of rank 0 between two evaluations by what they were spent on: a line of `time.csv`.
public struct TimeRow: Equatable, Sendable {
  public var iteration: Int
  /// In the order of ``TimeFile/parts``.
  public var seconds: [Double]

  public init(iteration: Int, seconds: [Double]) {
    precondition(
      seconds.count == TimeFile.parts.count, "\(seconds.count) parts of the time, expected \(TimeFile.parts.count)")
    self.iteration = iteration
    self.seconds = seconds
  }
}

/// `time.csv` in a run folder: one line for each evaluation.
public struct TimeFile: Sendable {
  public static let name = "time.csv"
  public static let parts = ["tower", "fc", "communication", "data", "evaluation", "checkpoint"]
  public static let header = (["iteration"] + parts).joined(separator: ",")

  public let path: String

  /// The file need not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Adds a line, and the header before the first one.
  public func append(_ row: TimeRow) throws(FileError) {
    let fields = ["\(row.iteration)"] + row.seconds.map { "\($0)" }
    try TextFile.append(fields.joined(separator: ","), header: Self.header, to: path)
  }

  /// The lines in order of iteration; none where there is no file. What a resumed run wrote again counts once.
  public func rows() throws(FileError) -> [TimeRow] {
    guard let table = try CSVTable.read(path) else { return [] }
    try table.expect(header: Self.header, of: "times")
    var rows: [Int: TimeRow] = [:]
    for row in table.rows {
      let iteration = try table.integer(row.line, "iteration", row.fields[0])
      rows[iteration] = TimeRow(iteration: iteration, seconds: try table.numbers(row, from: 1))
    }
    return rows.values.sorted { $0.iteration < $1.iteration }
  }
}
