import Reports
import System

/// The tables that a run keeps in its folder: one row for each evaluation, each start, each noted step.
struct RunTables {
  private let metrics: MetricsFile
  private let times: TimeFile
  private let places: PlacesFile
  private let statistics: StatisticsFile

  init(folder: String) {
    func path(_ name: String) -> String { "\(folder)/\(name)" }
    metrics = MetricsFile(path: path(MetricsFile.name))
    times = TimeFile(path: path(TimeFile.name))
    places = PlacesFile(path: path(PlacesFile.name))
    statistics = StatisticsFile(path: path(StatisticsFile.name))
  }

  /// Cuts off what the tables say of iterations that are still to come.
  func truncate(afterIteration iteration: Int) throws {
    try metrics.truncate(afterIteration: iteration)
    try statistics.truncate(afterIteration: iteration)
  }

  func append(_ row: MetricsRow) throws { try metrics.append(row) }
  func append(_ row: TimeRow) throws { try times.append(row) }
  func append(_ place: RunPlace) throws { try places.append(place) }
  func append(_ rows: [StatisticsRow]) throws { try statistics.append(rows) }
}
