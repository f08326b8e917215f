import Network
import System

/// The figures of responses, gradients and updates by layer, which show whether the signal reaches all layers (paper,
/// section 2.2).
enum StatisticsFigures {
  static func all(_ runs: [RunContents]) -> [Figure] {
    let logged = runs.enumerated().filter { !$0.element.statistics.isEmpty }
    guard !logged.isEmpty else { return [] }
    let byDepth = quantities.compactMap { depth($0, logged, among: runs) }
    let note = Figure.limitNote(runLimit, of: logged.count)
    let overTime = logged.prefix(runLimit).flatMap { index, run in
      quantities.prefix(2).compactMap { time($0, run, index, among: runs, note: note) }
    }
    return byDepth + overTime
  }

  /// The largest number of runs that have figures over time.
  private static let runLimit = 4

  private struct Quantity: Sendable {
    let name: String
    let column: String
    let title: String
    let label: String
    let scale: Axis.Scale
    let caption: String
    let value: @Sendable (LayerStatistics) -> Double
  }

  private static let quantities = [
    Quantity(
      name: "gradients", column: "gradient_std", title: "Gradients by depth",
      label: "std of the gradient", scale: .logarithmic,
      caption: "The standard deviation of the loss's gradient at each layer's output. Where it shrinks from layer to "
        + "layer toward the input, the first layers do not learn."
    ) { $0.gradientDeviation },
    Quantity(
      name: "responses", column: "response_std", title: "Responses by depth", label: "std of the response",
      scale: .logarithmic,
      caption: "The standard deviation of each layer's responses. The initialization keeps it from growing or "
        + "shrinking with depth."
    ) { $0.responseDeviation },
    Quantity(
      name: "updates", column: "update_weight_ratio", title: "Updates by depth", label: "|update| / |weights|",
      scale: .logarithmic, caption: "The size of a step relative to the weights it changes."
    ) { $0.updateRatio },
    Quantity(
      name: "decay", column: "decay_share", title: "Weight decay in the update", label: "share of weight decay",
      scale: .linear,
      caption: "The share of weight decay in the update: near 1 the weights only shrink, which is the paper's sign "
        + "of gradients that have vanished."
    ) { $0.decayShare },
  ]

  /// Makes the figure of a quantity by layer: a line for the last logged iteration of each run, and a thin one for the
  /// first, unless there are too many runs.
  private static func depth(
    _ quantity: Quantity, _ logged: [(offset: Int, element: RunContents)], among runs: [RunContents]
  ) -> Figure? {
    var layers: [String] = []
    for (_, run) in logged {
      for one in run.statistics where !layers.contains(one.layer.layer) { layers.append(one.layer.layer) }
    }
    var table = FigureTable(["run", "iteration", "layer", quantity.column])
    var series: [LinePlot.Series] = []
    let isCrowded = logged.count > Palette.seriesCount
    for (index, run) in logged {
      guard let first = run.statistics.first?.iteration, let last = run.statistics.last?.iteration else { continue }
      let style = runs.count == 1 ? ("s0", "") : Palette.series(index)
      let prefix = runs.count == 1 ? "" : "\(run.name), "
      for iteration in first == last ? [first] : [first, last] {
        let rows = run.statistics.filter { $0.iteration == iteration }
        let dash = iteration != last ? "3 3" : isCrowded ? style.1 : ""
        if iteration == last || !isCrowded {
          series.append(
            LinePlot.Series(
              name: "\(prefix)iteration \(iteration)",
              points: rows.compactMap { row in
                layers.firstIndex(of: row.layer.layer).map { (Double($0), quantity.value(row.layer)) }
              }.sorted { $0.0 < $1.0 },
              style: style.0, dash: dash, isThin: iteration != last))
        }
        table.rows += rows.map {
          [.text(run.name), .init($0.iteration), .text($0.layer.layer), .number(quantity.value($0.layer))]
        }
      }
    }
    // A logarithmic axis has no place for values that are 0 everywhere.
    let values = series.flatMap { $0.points.map(\.y) }
    guard values.contains(where: { $0.isFinite && (quantity.scale == .linear || $0 > 0) }) else { return nil }
    let plot = LinePlot(
      series: series, xLabel: "layers from the input to the output", yLabel: quantity.label, yScale: quantity.scale,
      yIncludes: quantity.scale == .linear ? [0, 1] : [],
      xTicks: layers.enumerated().map { (Double($0), $1) }, hasDots: !isCrowded)
    return Figure(
      name: quantity.name, title: quantity.title,
      caption: quantity.caption
        + (isCrowded ? " The last logged iteration of each run; the first ones of so many are in the table only." : ""),
      table: table, drawing: plot.drawing)
  }

  /// The largest number of iterations in a figure over time.
  private static let iterationLimit = 400

  private static func time(
    _ quantity: Quantity, _ run: RunContents, _ index: Int, among runs: [RunContents], note: String
  ) -> Figure? {
    var layers: [String] = []
    var points: [String: [(x: Double, y: Double)]] = [:]
    var table = FigureTable(["iteration", "layer", quantity.column])
    var iterations: [Int] = []
    for row in run.statistics where iterations.last != row.iteration { iterations.append(row.iteration) }
    // The limit's columns fill a screen, and the page stays small.
    let step = iterations.count.dividedUp(by: iterationLimit)
    let shown = Set(stride(from: iterations.count - 1, through: 0, by: -max(step, 1)).map { iterations[$0] })
    for row in run.statistics where shown.contains(row.iteration) {
      if points[row.layer.layer] == nil { layers.append(row.layer.layer) }
      points[row.layer.layer, default: []].append((Double(row.iteration), quantity.value(row.layer)))
      table.rows.append([.init(row.iteration), .text(row.layer.layer), .number(quantity.value(row.layer))])
    }
    guard (points[layers[0]]?.count ?? 0) > 1,
      points.values.contains(where: { $0.contains { $0.y > 0 && $0.y.isFinite } })
    else { return nil }
    // The legend names a dozen lines along the ramp; the rest lie between them.
    let every = max(1, layers.count.dividedUp(by: 12))
    let series = layers.enumerated().map { place, layer in
      LinePlot.Series(
        name: layer, points: points[layer] ?? [], style: Palette.ramp(place, of: layers.count), isThin: true,
        inLegend: place % every == 0 || place == layers.count - 1)
    }
    let plot = LinePlot(series: series, xLabel: "iterations", yLabel: quantity.label, yScale: quantity.scale)
    let of = runs.count == 1 ? "" : ": \(run.name)"
    return Figure(
      name: "\(quantity.name)-over-time\(runs.count == 1 ? "" : "-\(index + 1)")",
      title: quantity.title.replacing("by depth", with: "over time") + of,
      caption: "A line for each layer, from the input (dark blue, on dark ground light blue) to the output (yellow)"
        + (every > 1 ? "; the legend names every \(every == 2 ? "second" : "\(every)th") one." : ".")
        + (step > 1
          ? " \(shown.count) of \(iterations.count.counted("logged iteration", grouped: true)); "
            + "\(StatisticsFile.name) has all."
          : "") + note,
      table: table, drawing: plot.drawing)
  }
}
