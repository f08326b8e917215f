import Reports

/// What `--log-statistics` asks for.
extension TrainingRun {
  /// Whether the step that is about to run is to be noted: the first of all, and every N-th.
  var statisticsAreDue: Bool {
    guard let every = settings.statisticsEvery else { return false }
    return iteration == 0 || (iteration + 1) % every == 0
  }

  /// Writes down what was noted of the step that has made `iteration` iterations. A failure is told, and training goes on.
  func appendStatistics() {
    guard let rows = step.statistics?.rows, !rows.isEmpty, let layersTable else { return }
    do {
      try layersTable.append(
        iteration: iteration,
        rows.map {
          LayerStatisticsFile.Row(
            layer: $0.layer, responseDeviation: $0.responseDeviation, gradientDeviation: $0.gradientDeviation,
            updateRatio: $0.updateRatio, decayShare: $0.decayShare)
        })
    } catch {
      report(.warning("\(error)"))
    }
  }
}
