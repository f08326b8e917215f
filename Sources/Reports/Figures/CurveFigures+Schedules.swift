import System

/// The figures of what a modern training has besides: a rate that changes with every step, and an average of the
/// weights.
extension CurveFigures {
  /// Makes the figure of the learning rate by iteration.
  static func rate(_ runs: [RunContents]) -> Figure? {
    var series: [LinePlot.Series] = []
    var table = FigureTable(["run", "iteration", "learning_rate"])
    for (index, run) in runs.enumerated() where !run.progress.isEmpty {
      let style = Palette.series(index)
      series.append(
        LinePlot.Series(
          name: run.name, points: run.progress.map { (Double($0.iteration), $0.learningRate) }, style: style.name,
          dash: style.dash))
      table.rows += run.progress.map { [.text(run.name), .init($0.iteration), .number($0.learningRate)] }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "iterations", yLabel: "learning rate", xIncludes: [0], yIncludes: [0], hasDots: false)
    return Figure(
      name: "learning-rate", title: "Learning rate", caption: "The learning rate of the step.", table: table,
      drawing: plot.drawing)
  }

  /// Makes the figure of the errors of the weights and of their moving average, where a run keeps one.
  static func averageError(_ runs: [RunContents]) -> Figure? {
    var series: [LinePlot.Series] = []
    var table = FigureTable(["run", "epoch", "iteration", "validation_top1_error", "average_top1_error"])
    for (index, run) in runs.enumerated() where !run.averages.isEmpty {
      let style = Palette.series(index)
      let prefix = runs.count == 1 ? "" : "\(run.name), "
      series.append(
        LinePlot.Series(
          name: "\(prefix)average of the weights",
          points: run.averages.map { (Double($0.epoch), $0.validationTop1Error) }, style: style.name, dash: style.dash))
      series.append(
        LinePlot.Series(
          name: "\(prefix)weights",
          points: run.metrics.compactMap { row in row.validationTop1Error.map { (Double(row.epoch), $0) } },
          style: style.name, dash: "3 3", isThin: true))
      table.rows += run.averages.map { row in
        let plain = run.metrics.first { $0.iteration == row.iteration }?.validationTop1Error
        return [
          .text(run.name), .init(row.epoch), .init(row.iteration), .init(plain), .number(row.validationTop1Error),
        ]
      }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "epochs", yLabel: "validation top-1 error (%)", xIncludes: [0], yIncludes: [0])
    return Figure(
      name: "average-error", title: "Validation error of the average",
      caption: "The validation error of the moving average of the weights, which the run gives, and of the weights "
        + "themselves.",
      table: table, drawing: plot.drawing)
  }
}
