import Foundation
import Kernels
import Reports
import System
import Training

/// Keeps what a person looks at beside a run's checkpoints: its tables, its page, and event files for TensorBoard.
///
/// Whatever is shown comes from what the run told; only what earlier processes of the run wrote is read from files, once,
/// when the run begins. What cannot be written is said once, and training goes on.
public final class RunRecorder: RunListener {
  /// The page's file in a run folder.
  public static let pageName = "report.html"

  private let writesPage: Bool
  private let writesEvents: Bool
  private let software: String
  private let warn: (String) -> Void
  private var tables: RunTables?
  /// The run as the page shows it.
  private var contents: RunContents?
  private var events: EventFile?
  /// An evaluation whose checkpoint is being saved: the page shows both.
  private var evaluated: EpochResult?
  private var timeBefore = RunTime()
  private var complaints: Set<String> = []

  /// - Parameters:
  ///   - software: the program, the MPI library and the BLAS kernel with their versions.
  ///   - warn: takes what went wrong.
  public init(writesPage: Bool, writesEvents: Bool, software: String, warn: @escaping (String) -> Void) {
    self.writesPage = writesPage
    self.writesEvents = writesEvents
    self.software = software
    self.warn = warn
  }

  public func prepare(folder: String, iteration: Int) throws {
    let tables = RunTables(folder: folder)
    try tables.truncate(afterIteration: iteration)
    self.tables = tables
    contents = try RunContents(tablesOf: folder)
  }

  public func hear(_ event: TrainingEvent) {
    switch event {
    case .started(let description): start(description)
    case .statistics(let iteration, let layers):
      let rows = layers.map { StatisticsRow(iteration: iteration, layer: $0) }
      contents?.statistics += rows
      attempt { try tables?.append(rows) }
    case .evaluated(let result): note(result)
    case .saved(_, let iteration, _), .notSaved(let iteration):
      // The page of an evaluation is written when its checkpoint is in place, or cannot be.
      guard let result = evaluated, result.iteration == iteration else { return }
      evaluated = nil
      show(result)
    case .progress, .balanced, .finished, .warning: break
    }
  }

  private func start(_ description: TrainingDescription) {
    let place = RunPlace(description, processor: processorName(), software: software)
    contents?.begin(description, at: place)
    attempt { try tables?.append(place) }
    guard writesEvents else { return }
    attempt {
      events = try EventFile(
        inFolder: description.run, startIteration: description.iteration, time: Date().timeIntervalSince1970,
        host: description.hosts.first?.name ?? "localhost")
    }
  }

  private func note(_ result: EpochResult) {
    evaluated = result
    let (metrics, time) = (MetricsRow(result), TimeRow(result, since: timeBefore))
    timeBefore = result.time
    contents?.note(result, metrics, time)
    attempt { try tables?.append(metrics) }
    attempt { try tables?.append(time) }
  }

  private func show(_ result: EpochResult) {
    if writesPage, var contents {
      attempt {
        // Other commands may have written them meanwhile.
        try contents.readEvaluations()
        try Report(run: contents, pictures: ReportedPictures()).write(to: "\(contents.path)/\(Self.pageName)")
      }
    }
    attempt {
      try events?.append(
        step: result.iteration, time: Date().timeIntervalSince1970, scalars: MetricsRow(result).scalars,
        histograms: result.slopes.map { ("coefficients/\($0.layer)", $0.values) })
    }
  }

  /// Says the same complaint once a run.
  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      if complaints.insert("\(error)").inserted { warn("\(error); training goes on") }
    }
  }
}
