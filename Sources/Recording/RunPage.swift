import Foundation
import Reports
import Step
import System
import Training

/// The page of a run that goes on. It shows what the run has told, after the rows that earlier processes of the run
/// have left in its tables.
struct RunPage {
  /// The name of the file in a run folder.
  static let fileName = RunFile.report.rawValue

  private var contents: RunContents
  private var description: TrainingDescription?

  /// Reads the rows of earlier processes.
  init(folder: String) throws(FileError) {
    contents = try RunContents(tablesOf: folder)
  }

  mutating func begin(_ description: TrainingDescription, at place: RunPlace) {
    self.description = description
    contents.append(place)
    contents.set(configuration: description.configuration.yaml(), json: description.configuration.json())
    contents.network = ReportedNetwork(
      parameterCount: description.model.parameterCount, classNames: description.model.classNames)
  }

  mutating func append(_ rows: [StatisticsRow]) { contents.append(rows) }
  mutating func append(_ row: ProgressRow) { contents.append(row) }

  mutating func append(_ result: EpochResult, _ metrics: MetricsRow, _ time: TimeRow) {
    contents.append(metrics, time)
    if let row = AverageErrorsRow(result) { contents.append(row) }
    contents.coefficients = result.slopes
    contents.filters = result.firstFilters
  }

  /// Takes the checkpoint that has just been put in place.
  mutating func saved(iteration: Int) {
    guard let description else { return }
    contents.checkpoint = ReportedCheckpoint(
      iteration: iteration, secondsTrained: contents.metrics.last?.seconds ?? 0, written: Date().formatted(.iso8601),
      program: description.program, commandLine: description.commandLine,
      batch: description.configuration.training.batch, ranks: description.ranks.count)
  }

  mutating func goBack(to iteration: Int) { contents.truncate(afterIteration: iteration) }

  func write() throws {
    var contents = contents
    // Other commands may have written them since the last time.
    try contents.readEvaluations()
    try Report(run: contents, pictures: ReportedPictures()).write(to: contents.file(Self.fileName))
  }
}
