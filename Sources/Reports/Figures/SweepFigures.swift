import System

/// The runs of a search over settings, with the errors that they ended with.
public struct SweepResults: Sendable {
  /// One of the runs.
  public struct Run: Sendable {
    let name: String
    let values: [String]
    let error: Double

    /// - Parameters:
    ///   - values: the texts of the settings that vary, in the order of `SweepResults.paths`.
    ///   - error: in percent.
    public init(name: String, values: [String], error: Double) {
      self.name = name
      self.values = values
      self.error = error
    }
  }

  let paths: [String]
  let runs: [Run]
  let errorName: String

  /// - Parameters:
  ///   - paths: the settings that vary, such as "solver.learningRate".
  ///   - errorName: the error that is meant, such as "validation top-1 error".
  public init(paths: [String], runs: [Run], errorName: String) {
    for run in runs {
      precondition(
        run.values.count == paths.count, "\(run.values.count) values of \(paths.count) settings in \(run.name)")
    }
    self.paths = paths
    self.runs = runs
    self.errorName = errorName
  }
}

/// The figures of a search over settings: the error against each setting that varies.
enum SweepFigures {
  /// The largest number of lines, above which each run is a point by itself.
  private static let mostLines = 2 * Palette.seriesCount

  static func all(_ results: SweepResults) -> [Figure] {
    results.paths.indices.compactMap { figure(of: $0, results) }
  }

  /// Returns the figure of a setting that has two values or more. Its lines join the runs that are alike in all else;
  /// where these are too many, or no two runs are alike, each run is a point.
  private static func figure(of index: Int, _ results: SweepResults) -> Figure? {
    let path = results.paths[index]
    let axis = SettingAxis(results.runs.map { $0.values[index] })
    guard axis.placesCount > 1 else { return nil }
    let groups = grouped(results.runs, by: index, paths: results.paths, along: axis)
    let hasLines = groups.count <= mostLines && groups.contains { Set($0.points.map(\.x)).count > 1 }
    let series =
      hasLines
      ? groups.enumerated().map { place, group in
        let style = Palette.series(place)
        return LinePlot.Series(name: group.name, points: group.points, style: style.name, dash: style.dash)
      }
      : [
        LinePlot.Series(
          name: "runs", points: [], style: Palette.series(0).name,
          marks: groups.flatMap { group in group.points.map { ($0.x, $0.y, group.name) } })
      ]
    let plot = LinePlot(
      series: series, xLabel: path, yLabel: "\(results.errorName) (%)", xIsWhole: axis.isWhole, xScale: axis.scale,
      xIncludes: hasLines ? [] : groups.flatMap { $0.points.map(\.x) },
      yIncludes: hasLines ? [] : groups.flatMap { $0.points.map(\.y) }, xTicks: axis.names, hasDots: true)
    return Figure(
      name: "sweep-\(path.replacing(".", with: "-"))", title: "Error by \(path)",
      caption: hasLines
        ? "The \(results.errorName) of each run; a line joins the runs that are alike in all other settings."
        : "The \(results.errorName) of each run, a diamond each.",
      table: FigureTable(
        ["run"] + results.paths + ["error"],
        rows: results.runs.map { run in [.text(run.name)] + run.values.map { .text($0) } + [.number(run.error)] }),
      drawing: plot.drawing)
  }

  /// The runs that are alike in all settings but one, by the values of these settings, in the table's order.
  private static func grouped(
    _ runs: [SweepResults.Run], by index: Int, paths: [String], along axis: SettingAxis
  ) -> [(name: String, points: [(x: Double, y: Double)])] {
    var names: [String] = []
    var points: [String: [(x: Double, y: Double)]] = [:]
    // The order of the lines is that of the values, and not that of the errors, which changes while runs end.
    for run in runs.sorted(by: { $0.name < $1.name }) {
      let others = zip(paths, run.values).enumerated().filter { $0.offset != index }.map(\.element)
      let name = others.map { "\($0.split(separator: ".").last ?? "") \($1)" }.joined(separator: ", ")
      if points[name] == nil { names.append(name) }
      points[name, default: []].append((axis.place(of: run.values[index]), run.error))
    }
    return names.map { ($0.isEmpty ? "runs" : $0, (points[$0] ?? []).sorted { $0.x < $1.x }) }
  }
}

/// The places of a setting's values: numbers at their own, words side by side in the order in which they come.
private struct SettingAxis {
  private let words: [String]
  private let numbers: [Double]?

  /// The ratio of the largest number to the least from which on the axis is logarithmic.
  private static let logarithmicFrom = 20.0

  init(_ values: [String]) {
    var seen: Set<String> = []
    words = values.sorted().filter { seen.insert($0).inserted }
    let read = words.compactMap(Double.init).filter(\.isFinite)
    numbers = read.count == words.count ? read : nil
  }

  var placesCount: Int { words.count }

  func place(of value: String) -> Double {
    if numbers != nil, let number = Double(value) { return number }
    return Double(words.firstIndex(of: value) ?? 0)
  }

  var isWhole: Bool { numbers.map { $0.allSatisfy { $0 == $0.rounded() } } ?? true }

  var scale: Axis.Scale {
    guard let numbers, let low = numbers.min(), let high = numbers.max(), low > 0, high / low >= Self.logarithmicFrom
    else {
      return .linear
    }
    return .logarithmic
  }

  /// The names of the places; nil where the axis counts.
  var names: [(value: Double, name: String)]? {
    numbers == nil ? words.enumerated().map { (Double($0), $1) } : nil
  }
}
