import System

/// The figures over the epochs: errors, loss, speed and time.
enum CurveFigures {
  static func all(_ runs: [RunContents]) -> [Figure] {
    [
      error(runs), averageError(runs), loss(runs), lossByIteration(runs), rate(runs), speed(runs), time(runs),
      wallClock(runs),
    ].compactMap { $0 }
  }

  /// Returns whether runs of one color must be told apart by their strokes, which dots would hide.
  private static func isCrowded(_ runs: [RunContents]) -> Bool { runs.count > Palette.seriesCount }

  /// Returns the drops of the learning rate: the row after which it drops, and the new rate. A rate that changes with
  /// every step has a curve of its own.
  private static func switches(_ run: RunContents) -> [(row: MetricsRow, rate: Double)] {
    guard !isContinuous(run) else { return [] }
    return zip(run.metrics, run.metrics.dropFirst()).filter { $0.learningRate > $1.learningRate }
      .map { ($0, $1.learningRate) }
  }

  private static func isContinuous(_ run: RunContents) -> Bool {
    ["cosine", "polynomial"].contains(run.setting("schedule.kind"))
  }

  private static func verticals(_ runs: [RunContents]) -> [(x: Double, text: String)] {
    guard runs.count == 1 else { return [] }
    return switches(runs[0]).map { (Double($0.row.epoch), "rate \(Number.short($0.rate))") }
  }

  private static func marks(_ run: RunContents, among runs: [RunContents], _ y: (MetricsRow) -> Double?)
    -> [(x: Double, y: Double, text: String)]
  {
    guard runs.count > 1 else { return [] }
    return switches(run).compactMap { row, rate in
      y(row).map { (Double(row.epoch), $0, "learning rate \(Number.short(rate)) after epoch \(row.epoch)") }
    }
  }

  private static func rateNote(_ runs: [RunContents]) -> String {
    guard runs.contains(where: { !switches($0).isEmpty }) else {
      return runs.contains(where: isContinuous) ? "" : "The learning rate did not drop."
    }
    return runs.count == 1
      ? "Dotted lines: where the learning rate changed." : "Diamonds: where a run's learning rate changed."
  }

  // MARK: - Errors

  private static func error(_ runs: [RunContents]) -> Figure? {
    var series: [LinePlot.Series] = []
    var table = FigureTable(
      [
        "run", "epoch", "iteration", "learning_rate", "train_top1_error", "validation_top1_error",
        "validation_top5_error",
      ])
    let isCrowded = isCrowded(runs)
    for (index, run) in runs.enumerated() where !run.metrics.isEmpty {
      let (validation, training) = styles(index, among: runs)
      let prefix = runs.count == 1 ? "" : "\(run.name), "
      series.append(
        LinePlot.Series(
          name: isCrowded ? run.name : "\(prefix)validation",
          points: run.metrics.map { (Double($0.epoch), $0.validationTop1Error ?? .nan) }.filter { !$0.y.isNaN },
          style: validation.name, dash: validation.dash, marks: marks(run, among: runs) { $0.validationTop1Error }))
      if !isCrowded {
        series.append(
          LinePlot.Series(
            name: "\(prefix)training", points: run.metrics.map { (Double($0.epoch), $0.trainTop1Error) },
            style: training.name, dash: training.dash, isThin: true))
      }
      table.rows += run.metrics.map {
        [
          .text(run.name), .init($0.epoch), .init($0.iteration), .number($0.learningRate), .number($0.trainTop1Error),
          .init($0.validationTop1Error), .init($0.validationTop5Error),
        ]
      }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "epochs", yLabel: "\(isCrowded ? "validation " : "")top-1 error (%)", xIncludes: [0],
      yIncludes: [0], verticals: verticals(runs), hasDots: !isCrowded)
    let training =
      isCrowded
      ? "Validation top-1 error after each epoch; the training errors of so many runs are in the table only."
      : "Top-1 error after each epoch; the training error is the mean over the epoch, with augmentation and "
        + "dropout where the run has them, so it can lie above the validation error."
    return Figure(
      name: "error", title: isCrowded ? "Validation error" : "Training and validation error",
      caption: "\(training) \(rateNote(runs))", table: table, drawing: plot.drawing)
  }

  /// Returns the styles of validation and training: two colors where there is one run, else the run's color, thick and
  /// thin. Where there are more runs than colors, strokes tell those of one color apart.
  private static func styles(_ index: Int, among runs: [RunContents])
    -> (validation: (name: String, dash: String), training: (name: String, dash: String))
  {
    if runs.count == 1 { return (Palette.series(0), ("s1", "6 4")) }
    let style = Palette.series(index)
    return ((style.name, isCrowded(runs) ? style.dash : ""), (style.name, "3 3"))
  }

  private static func loss(_ runs: [RunContents]) -> Figure? {
    simple(
      runs, name: "loss", title: "Training loss", yLabel: "loss (nats)", column: "train_loss",
      caption: "The mean softmax loss of each epoch; chance among C classes is ln C. \(rateNote(runs))"
    ) { $0.trainLoss }
  }

  private static func lossByIteration(_ runs: [RunContents]) -> Figure? {
    var series: [LinePlot.Series] = []
    var table = FigureTable(["run", "iteration", "samples", "loss", "top1_error", "learning_rate"])
    for (index, run) in runs.enumerated() where !run.progress.isEmpty {
      let style = Palette.series(index)
      series.append(
        LinePlot.Series(
          name: run.name, points: run.progress.map { (Double($0.iteration), $0.loss) }, style: style.name,
          dash: style.dash))
      table.rows += run.progress.map {
        [
          .text(run.name), .init($0.iteration), .init($0.samples), .number($0.loss), .number($0.top1Error),
          .number($0.learningRate),
        ]
      }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "iterations", yLabel: "loss (nats)", xIncludes: [0], yIncludes: [0], hasDots: false)
    return Figure(
      name: "loss-by-iteration", title: "Training loss by iteration",
      caption: "The mean softmax loss of the steps since the point before: of every step at first, later of more.",
      table: table, drawing: plot.drawing)
  }

  private static func speed(_ runs: [RunContents]) -> Figure? {
    simple(
      runs, name: "speed", title: "Training speed", yLabel: "images/s", column: "images_per_second",
      caption: "Images a second in training, all ranks together; evaluations and checkpoints are left out."
    ) { $0.imagesPerSecond }
  }

  private static func simple(
    _ runs: [RunContents], name: String, title: String, yLabel: String, column: String, caption: String,
    _ value: (MetricsRow) -> Double
  ) -> Figure? {
    var series: [LinePlot.Series] = []
    var table = FigureTable(["run", "epoch", "iteration", column])
    for (index, run) in runs.enumerated() where !run.metrics.isEmpty {
      let style = Palette.series(index)
      series.append(
        LinePlot.Series(
          name: run.name, points: run.metrics.map { (Double($0.epoch), value($0)) }, style: style.name,
          dash: style.dash, marks: name == "loss" ? marks(run, among: runs, value) : []))
      table.rows += run.metrics.map {
        [.text(run.name), .init($0.epoch), .init($0.iteration), .number(value($0))]
      }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "epochs", yLabel: yLabel, xIncludes: [0], yIncludes: [0],
      verticals: name == "loss" ? verticals(runs) : [], hasDots: !isCrowded(runs))
    return Figure(name: name, title: title, caption: caption, table: table, drawing: plot.drawing)
  }

  /// Makes the figure of errors by time: where runs differ in speed, the one that is ahead at an epoch need not be
  /// ahead at a time.
  private static func wallClock(_ runs: [RunContents]) -> Figure? {
    guard runs.count > 1 else { return nil }
    var series: [LinePlot.Series] = []
    var table = FigureTable(["run", "minutes", "epoch", "validation_top1_error"])
    for (index, run) in runs.enumerated() {
      let points = run.metrics.compactMap { row in row.validationTop1Error.map { (row.seconds / 60, $0, row.epoch) } }
      guard !points.isEmpty else { continue }
      let style = Palette.series(index)
      series.append(
        LinePlot.Series(name: run.name, points: points.map { ($0.0, $0.1) }, style: style.name, dash: style.dash))
      table.rows += points.map { [.text(run.name), .number($0.0), .init($0.2), .number($0.1)] }
    }
    guard !series.isEmpty else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "time in training (minutes)", yLabel: "validation top-1 error (%)", xIsWhole: false,
      xIncludes: [0], yIncludes: [0], hasDots: !isCrowded(runs))
    return Figure(
      name: "error-by-time", title: "Validation error by time",
      caption: "The validation error against the time spent in training, over all processes of a run.", table: table,
      drawing: plot.drawing)
  }

  // MARK: - Time

  private static let partNames = ["conv tower", "fc layers", "communication", "data", "evaluation", "checkpoints"]

  private static func time(_ runs: [RunContents]) -> Figure? {
    let timed = runs.filter { !$0.times.isEmpty }
    guard !timed.isEmpty else { return nil }
    var table = FigureTable(["run", "iteration"] + TimeRow.parts.map { "\($0)_seconds" })
    for run in timed {
      table.rows += run.times.map { row in [.text(run.name), .init(row.iteration)] + row.seconds.map { .number($0) } }
    }
    let legend = partNames.enumerated().map {
      Frame.Entry(name: $1, style: Palette.series($0).name, isArea: true)
    }
    let bars: [BarPlot.Bar] =
      timed.count == 1 ? spans(timed[0].times) : timed.map { bar($0.name, [$0.times].flatMap { $0 }) }
    let plot = BarPlot(bars: bars, xLabel: "share of rank 0's time (%)", legend: legend, includes: [0, 100])
    return Figure(
      name: "time", title: "Where the time goes",
      caption: "Shares of rank 0's time\(timed.count == 1 ? " between evaluations" : "") by what it was spent on. "
        + "Communication is the time for moving data and waiting for other ranks.",
      table: table, drawing: plot.drawing)
  }

  /// Returns the bars of a run's epochs, or of groups of epochs where there are many.
  private static func spans(_ times: [TimeRow]) -> [BarPlot.Bar] {
    let size = times.count.dividedUp(by: 16)
    var bars = stride(from: 0, to: times.count, by: size).map { start in
      let group = Array(times[start..<min(start + size, times.count)])
      return bar("to iteration \((group.last?.iteration ?? 0).grouped)", group)
    }
    if times.count > 1 { bars.append(bar("in all", times)) }
    return bars
  }

  private static func bar(_ name: String, _ times: [TimeRow]) -> BarPlot.Bar {
    let sums = TimeRow.parts.indices.map { part in times.reduce(0) { $0 + $1.seconds[part] } }
    let total = sums.reduce(0, +)
    return BarPlot.Bar(
      name: name,
      parts: sums.enumerated().map { part, seconds in
        let share = total > 0 ? 100 * seconds / total : 0
        return (
          share, Palette.series(part).name,
          "\(name): \(partNames[part]) \(Number.fixed(share, digits: 1)) %, \(timeText(seconds))"
        )
      }, label: timeText(total))
  }
}
