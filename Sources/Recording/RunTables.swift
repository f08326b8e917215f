import Reports
import System

/// The tables in a run's folder, with a row for each evaluation, each start, some of the steps, or each
/// layer in each noted step.
struct RunTables {
  private let metrics: MetricsFile
  private let averages: AverageErrorsFile
  private let times: TimeFile
  private let places: PlacesFile
  private let statistics: StatisticsFile
  private let progress: ProgressFile
  private let results: String

  init(folder: String) {
    func path(_ name: String) -> String { FileSystem.path(name, in: folder) }
    metrics = MetricsFile(path: path(MetricsFile.name))
    averages = AverageErrorsFile(path: path(AverageErrorsFile.name))
    times = TimeFile(path: path(TimeFile.name))
    places = PlacesFile(path: path(PlacesFile.name))
    statistics = StatisticsFile(path: path(StatisticsFile.name))
    progress = ProgressFile(path: path(ProgressFile.name))
    results = path(ResultsFile.name)
  }

  /// Copies the tables of another run folder that are there.
  static func copy(from source: String, to folder: String) throws(FileError) {
    let names = [
      MetricsFile.name, AverageErrorsFile.name, TimeFile.name, PlacesFile.name, StatisticsFile.name, ProgressFile.name,
    ]
    for name in names where FileSystem.isRegularFile(FileSystem.path(name, in: source)) {
      let new = FileSystem.path(name, in: folder)
      // What an earlier start of the same copy has left.
      try FileSystem.remove(new)
      try FileSystem.copy(FileSystem.path(name, in: source), to: new)
    }
  }

  /// Cuts off the rows of iterations that are still to come, and last lines that are not whole.
  ///
  /// - Throws: where a file is another table.
  func truncate(afterIteration iteration: Int) throws(FileError) {
    try metrics.truncate(afterIteration: iteration)
    try averages.truncate(afterIteration: iteration)
    try times.truncate(afterIteration: iteration)
    try statistics.truncate(afterIteration: iteration)
    try progress.truncate(afterIteration: iteration)
    // A start remains a fact, even where the run has gone back behind it.
    try places.truncate(afterIteration: .max)
  }

  func append(_ row: MetricsRow) throws(FileError) { try metrics.append(row) }
  func append(_ row: AverageErrorsRow) throws(FileError) { try averages.append(row) }
  func append(_ row: TimeRow) throws(FileError) { try times.append(row) }
  func append(_ place: RunPlace) throws(FileError) { try places.append(place) }
  func append(_ rows: [ProgressRow]) throws(FileError) { try progress.append(rows) }
  func append(_ row: ResultsRow) throws(FileError) {
    try ResultsFile.check(results)
    try ResultsFile.append(row, to: results)
  }
  func append(_ rows: [StatisticsRow]) throws(FileError) { try statistics.append(rows) }
}
