import Foundation
import Kernels
import Reports
import System
import Training

/// Keeps what a person looks at beside a run's checkpoints: its tables, its page, and event files for TensorBoard.
///
/// All of it comes from what the run tells; only the rows that earlier processes of the run have written are read from
/// files, once, when the run begins. What cannot be written is said once, and training goes on.
public final class RunRecorder: RunListener {
  /// The name of the page in a run folder.
  public static let pageName = RunPage.fileName

  private let writesPage: Bool
  private let writesEvents: Bool
  private let software: String
  private let warn: (String) -> Void
  /// The tables; nil before the run has a folder.
  private var tables: RunTables?
  /// The page; nil where none is wanted, or where the rows of earlier processes cannot be read.
  private var page: RunPage?
  /// The events; nil where none are wanted, or where their file cannot be written.
  private var events: EventFile?
  /// The iteration of an evaluation whose checkpoint is still being saved: the page shows both.
  private var awaitedCheckpoint: Int?
  private var timeBefore = RunTime()
  private var recentSteps = RecentSteps()
  /// The rows of `progress.csv` that are not in the file yet: to open it at each of the first steps would slow these.
  private var progressRows: [ProgressRow] = []
  /// The time when rows were last written to `progress.csv`.
  private var progressWritten = monotonicSeconds()
  /// The seconds between two writings of `progress.csv` while no evaluation has ended.
  private static let progressPause = 2.0
  /// The run's folder; nil before the run has one.
  private var folder: OwnFolder?
  /// The description of the run; nil before it has started.
  private var description: TrainingDescription?
  /// The time when the page was last written.
  private var pageWritten = monotonicSeconds()
  /// The seconds between two writings of the page while no evaluation has ended.
  private static let pagePause = 60.0
  private var complaints: Set<String> = []

  /// - Parameters:
  ///   - writesPage: whether to write the page at each evaluation.
  ///   - writesEvents: whether to write event files.
  ///   - software: the program, the MPI library and the BLAS kernel with their versions.
  ///   - warn: takes the messages of what went wrong.
  public init(writesPage: Bool, writesEvents: Bool, software: String, warn: @escaping (String) -> Void) {
    self.writesPage = writesPage
    self.writesEvents = writesEvents
    self.software = software
    self.warn = warn
  }

  /// - Throws: `FileError` where a file that bears a table's name is another table, to which no row must be added.
  public func prepare(folder: OwnFolder, iteration: Int) throws {
    self.folder = folder
    let tables = RunTables(folder: folder.path)
    if let source = folder.copiedFrom { try RunTables.copy(from: source, to: folder.path) }
    try tables.truncate(afterIteration: iteration)
    self.tables = tables
    if writesPage { attempt { page = try RunPage(folder: folder.path) } }
  }

  public func goBack(to iteration: Int) throws {
    awaitedCheckpoint = nil
    recentSteps = RecentSteps()
    progressRows = []
    page?.goBack(to: iteration)
    attempt { try events?.goBack(to: iteration, time: wallClockSeconds()) }
    try tables?.truncate(afterIteration: iteration)
  }

  public func hear(_ event: TrainingEvent) {
    switch event {
    case .started(let description): start(description)
    case .statistics(let iteration, let layers):
      let rows = layers.map { StatisticsRow(iteration: iteration, layer: $0) }
      page?.append(rows)
      attempt { try tables?.append(rows) }
    case .evaluated(let result): note(result)
    case .saved(_, let iteration, _):
      writeProgress()
      page?.saved(iteration: iteration)
      writePage(of: iteration)
    case .notSaved(let iteration): writePage(of: iteration)
    case .progress(let progress): note(progress)
    case .finished(let summary): note(summary)
    case .planned, .balanced, .traced, .warning: break
    }
  }

  private func start(_ description: TrainingDescription) {
    self.description = description
    let place = RunPlace(description, processor: processorName(), software: software)
    page?.begin(description, at: place)
    attempt { try tables?.append(place) }
    guard writesEvents else { return }
    attempt {
      events = try EventFile(
        inFolder: description.run, startIteration: description.iteration, time: wallClockSeconds(),
        host: description.ranks.hosts.first?.name ?? "localhost")
    }
  }

  /// Adds to the loss by iteration. The page is written, too, now and then, because a first epoch may take days.
  private func note(_ progress: TrainingProgress) {
    guard let row = recentSteps.add(progress) else { return }
    page?.append(row)
    progressRows.append(row)
    if monotonicSeconds() - progressWritten >= Self.progressPause { writeProgress() }
    guard awaitedCheckpoint == nil, monotonicSeconds() - pageWritten >= Self.pagePause else { return }
    writePage()
  }

  private func writeProgress() {
    progressWritten = monotonicSeconds()
    guard !progressRows.isEmpty else { return }
    attempt { try tables?.append(progressRows) }
    progressRows = []
  }

  /// Keeps the test at the end of the run.
  private func note(_ summary: TrainingSummary) {
    writeProgress()
    guard let test = summary.test, let description else { return }
    attempt { try tables?.append(ResultsRow(test, of: description)) }
    writePage()
  }

  private func writePage() {
    pageWritten = monotonicSeconds()
    attempt("and the next page replaces it") { try page?.write() }
  }

  /// Writes the rows before the checkpoint is saved: a kill between the two costs rows that come again, where otherwise
  /// it would lose them.
  private func note(_ result: EpochResult) {
    let (metrics, time) = (MetricsRow(result), TimeRow(result, since: timeBefore))
    timeBefore = result.time
    awaitedCheckpoint = result.iteration
    writeProgress()
    page?.append(result, metrics, time)
    let average = AverageErrorsRow(result)
    attempt { try tables?.append(metrics) }
    if let average { attempt { try tables?.append(average) } }
    attempt { try tables?.append(time) }
    attempt {
      try events?.append(
        step: result.iteration, time: wallClockSeconds(), scalars: metrics.scalars + (average?.scalars ?? []),
        histograms: result.slopes.map { ("coefficients/\($0.layer)", $0.values) })
    }
  }

  /// Writes the page of an evaluation when its checkpoint is in place, or cannot be.
  private func writePage(of iteration: Int) {
    guard awaitedCheckpoint == iteration else { return }
    awaitedCheckpoint = nil
    writePage()
  }

  /// Writes, if the folder is still this process's. Says the same complaint once a run.
  ///
  /// - Parameter loss: what is lost where the system does not let it write: "these rows are missing there".
  private func attempt(_ loss: String = "these rows are missing there", _ body: () throws -> Void) {
    guard folder?.mayBeWritten ?? true else { return }
    do {
      try body()
    } catch {
      guard complaints.insert("\(error)").inserted else { return }
      let isLost = (error as? FileError)?.kind == .cannotWrite
      warn("\(error); training continues\(isLost ? ", \(loss)" : "")")
    }
  }
}
