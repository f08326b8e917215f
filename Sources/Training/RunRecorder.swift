import Foundation
import Kernels
import Network
import Reports

/// Keeps what a person looks at beside a run's checkpoints: its page, where its time went, where it ran, and event
/// files for TensorBoard. Told what the run tells (`TrainingEvent`), on rank 0.
///
/// Nothing of it is worth ending a run for: what cannot be written is said once, and training goes on.
public final class RunRecorder {
  /// The page in a run folder.
  public static let pageName = "report.html"

  private let writesPage: Bool
  private let writesEvents: Bool
  private let software: String
  private let warn: (String) -> Void
  private var folder: String?
  private var events: EventFile?
  private var evaluated: EpochResult?
  private var timeBefore = TimeSplit()
  private var complaints: Set<String> = []

  /// - Parameters:
  ///   - software: program, MPI library and BLAS kernel with versions.
  ///   - warn: takes what went wrong.
  public init(writesPage: Bool, writesEvents: Bool, software: String, warn: @escaping (String) -> Void) {
    self.writesPage = writesPage
    self.writesEvents = writesEvents
    self.software = software
    self.warn = warn
  }

  public func tell(_ event: TrainingEvent) {
    switch event {
    case .started(let description, _, let iteration): start(description, iteration)
    case .evaluated(let result): evaluated = result
    case .saved(let path, let iteration, _):
      // The checkpoint of an evaluation is what its page shows.
      if let result = evaluated, result.iteration == iteration { record(result, checkpoint: path) }
    case .notSaved(let iteration):
      if let result = evaluated, result.iteration == iteration { record(result, checkpoint: nil) }
    case .progress, .balanced, .finished, .warning: break
    }
  }

  private func start(_ d: TrainingDescription, _ iteration: Int) {
    guard !d.run.isEmpty else { return }
    folder = d.run
    attempt {
      try PlacesFile.append(
        RunPlace(
          started: Date().formatted(.iso8601), iteration: iteration, ranks: d.ranks, threads: d.threads,
          hosts: d.hosts.map { "\($0.name) (\($0.ranks))" }.joined(separator: ", "), processor: processorName(),
          software: software),
        to: "\(d.run)/\(PlacesFile.name)")
    }
    guard writesEvents else { return }
    attempt {
      events = try EventFile(
        inFolder: d.run, startIteration: iteration, time: Date().timeIntervalSince1970,
        host: d.hosts.first?.name ?? "localhost")
    }
  }

  private func record(_ result: EpochResult, checkpoint: String?) {
    evaluated = nil
    guard let folder else { return }
    let spent = zip(result.time.parts, timeBefore.parts).map { $0 - $1 }
    timeBefore = result.time
    attempt {
      try TimeFile.append(
        TimeRow(iteration: result.iteration, seconds: spent), to: "\(folder)/\(TimeFile.name)")
    }
    guard writesPage || events != nil else { return }
    attempt {
      let contents = try RunContents(folder: folder, checkpointPath: checkpoint)
      if writesPage {
        try Report(run: contents, pictures: RunPictures()).write(to: "\(folder)/\(Self.pageName)")
      }
      guard let row = contents.metrics.last(where: { $0.iteration == result.iteration }) else { return }
      try events?.append(
        step: row.iteration, time: Date().timeIntervalSince1970, scalars: row.scalars,
        histograms: contents.coefficients.map { ("coefficients/\($0.layer)", $0.values) })
    }
  }

  /// The same complaint once a run.
  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      if complaints.insert("\(error)").inserted { warn("\(error); training goes on") }
    }
  }
}

extension TimeSplit {
  /// In the order of `TimeFile.parts`.
  fileprivate var parts: [Double] { [tower, fullyConnected, communication, data, evaluation, checkpoint] }
}
