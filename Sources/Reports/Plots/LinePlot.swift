import System

/// A plot of lines over a common axis, with marks where something happened.
struct LinePlot {
  struct Series {
    let name: String
    /// The points in order of x. A NaN interrupts the line.
    var points: [(x: Double, y: Double)]
    /// A class of ``Palette``.
    var style: String
    var dash = ""
    var isThin = false
    var inLegend = true
    /// The places on the line where something happened, with a text that tells what.
    var marks: [(x: Double, y: Double, text: String)] = []
  }

  var series: [Series]
  let xLabel: String
  let yLabel: String
  var xIsWhole = true
  var xScale = Axis.Scale.linear
  var yScale = Axis.Scale.linear
  /// Values that the axes must reach beside those of the series.
  var xIncludes: [Double] = []
  var yIncludes: [Double] = []
  /// The lines across the whole height, with their texts.
  var verticals: [(x: Double, text: String)] = []
  /// The names of places on the x axis, instead of numbers.
  var xTicks: [(value: Double, name: String)]?
  /// Whether values also have dots, where there are few.
  var hasDots = false

  func drawing(_ size: FigureSize) -> Drawing {
    var legend = series.filter(\.inLegend).map {
      Frame.Entry(name: $0.name, style: $0.style, dash: $0.dash, isThin: $0.isThin)
    }
    // The axis names a single line.
    if legend.count == 1, series.count == 1 { legend = [] }
    var measure = Drawing(width: size.width, height: 0)
    let legendHeight = Frame.drawLegend(legend, in: &measure, size) - size.top
    var drawing = Drawing(width: size.width, height: size.height + size.top + legendHeight)
    let xAxis = Axis(
      xScale, holding: series.flatMap { $0.points.map(\.x) } + xIncludes + (xTicks?.map(\.value) ?? []),
      count: size.isNarrow ? 4 : 9, wholeNumbers: xIsWhole)
    let yAxis = Axis(
      yScale, holding: series.flatMap { $0.points.map(\.y) } + yIncludes, count: size.isNarrow ? 5 : 6, isRounded: true)
    let frame = Frame(
      in: &drawing, size, x: xAxis, y: yAxis, xLabel: xLabel, yLabel: yLabel, legend: legend,
      xTicks: size.isNarrow ? xTicks.map { thinned($0, to: 14) } : xTicks.map { thinned($0, to: 40) })
    drawVerticals(&drawing, frame, size)
    for one in series { draw(one, &drawing, frame, dotLimit: hasDots ? (size.isNarrow ? 16 : 40) : 0) }
    return drawing
  }

  private func thinned(_ ticks: [(value: Double, name: String)], to limit: Int) -> [(value: Double, name: String)] {
    let every = ticks.count.dividedUp(by: limit)
    return ticks.enumerated().filter { $0.offset % max(every, 1) == 0 }.map(\.element)
  }

  private func drawVerticals(_ drawing: inout Drawing, _ frame: Frame, _ size: FigureSize) {
    var lastRight = -Double.infinity
    for (value, text) in verticals {
      guard let place = frame.x.place(value), (0...1).contains(place) else { continue }
      let across = frame.left + place * (frame.right - frame.left)
      drawing.line(across, frame.top, across, frame.bottom, style: "mark")
      // Names of lines that stand too near one another are left out; the table has them.
      let width = size.textWidth(text)
      let isLeft = across + width + 6 > frame.right
      let start = isLeft ? across - width - 4 : across + 4
      guard start > lastRight else { continue }
      drawing.text(
        text, x: isLeft ? across - 4 : across + 4, y: frame.top + size.fontSize, size: size.fontSize,
        anchor: isLeft ? .end : .start, style: "m")
      lastRight = start + width
    }
  }

  private func draw(_ one: Series, _ drawing: inout Drawing, _ frame: Frame, dotLimit: Int) {
    let style = "line \(one.style)\(one.isThin ? " thin" : "")"
    var run: [(x: Double, y: Double)] = []
    var runs: [[(x: Double, y: Double)]] = []
    for value in one.points {
      if let point = frame.point(value.x, value.y) {
        run.append(point)
      } else if !run.isEmpty {
        runs.append(run)
        run = []
      }
    }
    if !run.isEmpty { runs.append(run) }
    for run in runs {
      let shown = Self.thinned(run)
      drawing.path(shown, style: style, dash: one.dash, title: one.name)
      if shown.count <= dotLimit, shown.count > 1 {
        for point in shown { drawing.circle(point.x, point.y, 2.6, style: "area \(one.style)") }
      }
    }
    for mark in one.marks {
      guard let point = frame.point(mark.x, mark.y) else { continue }
      drawing.diamond(point.x, point.y, 5, style: "area \(one.style)", title: "\(one.name): \(mark.text)")
    }
  }

  /// Returns the first, the last and the extremes of the points that fall into one column of pixels, in order: the line
  /// looks the same, and every point is one of the data's.
  static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard points.count > 800 else { return points }
    var result: [(x: Double, y: Double)] = []
    var start = 0
    while start < points.count {
      let column = points[start].x.rounded(.down)
      var end = start
      while end < points.count, points[end].x.rounded(.down) == column { end += 1 }
      let indices = start..<end
      var kept: Set = [start, end - 1]
      if let low = indices.min(by: { points[$0].y < points[$1].y }) { kept.insert(low) }
      if let high = indices.max(by: { points[$0].y < points[$1].y }) { kept.insert(high) }
      result += kept.sorted().map { points[$0] }
      start = end
    }
    return result
  }
}
