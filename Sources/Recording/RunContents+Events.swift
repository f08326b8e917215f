import Foundation
import Reports
import Step
import Training

/// The run of a report as it goes on.
extension RunContents {
  mutating func begin(_ description: TrainingDescription, at place: RunPlace) {
    places.append(place)
    set(configuration: description.configuration.yaml(), json: description.configuration.json())
    checkpoint = ReportedCheckpoint(
      iteration: description.iteration, secondsTrained: metrics.last?.seconds ?? 0,
      parameterCount: description.parameterCount, written: place.started, program: description.program,
      commandLine: description.commandLine, batch: description.configuration.training.batch,
      ranks: description.ranks, classNames: description.classNames)
  }

  mutating func note(_ result: EpochResult, _ row: MetricsRow, _ time: TimeRow) {
    metrics.append(row)
    times.append(time)
    coefficients = result.slopes
    filters = result.firstFilters
    checkpoint?.iteration = result.iteration
    checkpoint?.secondsTrained = result.seconds
    checkpoint?.written = Date().formatted(.iso8601)
  }
}
