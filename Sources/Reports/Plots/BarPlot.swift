/// A plot of horizontal bars with names on the left, or above them, each of one or several parts.
struct BarPlot {
  struct Bar {
    let name: String
    /// The parts from the axis outward, each with a class of ``Palette`` and a title that tells what it is.
    let parts: [(value: Double, style: String, title: String)]
    /// The text at the bar's end.
    var label = ""
  }

  let bars: [Bar]
  let xLabel: String
  var legend: [Frame.Entry] = []
  /// Values that the axis must reach beside those of the bars.
  var includes: [Double] = [0]
  /// Whether names stand above the bars where there is little room, because they are long.
  var isNamedAbove = false

  func drawing(_ size: FigureSize) -> Drawing {
    let font = size.fontSize
    let isAbove = isNamedAbove && size.isNarrow
    // The height of a name above its bar.
    let lead = isAbove ? font + 5 : 0
    let step = lead + font + 9
    var measure = Drawing(width: size.width, height: 0)
    let legendBottom = Frame.drawLegend(legend, in: &measure, size)
    let top = legendBottom + 8
    var drawing = Drawing(width: size.width, height: top + Double(bars.count) * step + font * 2 + 22)
    size.drawTitle(&drawing)
    _ = Frame.drawLegend(legend, in: &drawing, size)
    let longest = bars.map { size.textWidth($0.name) }.max() ?? 0
    let labels = bars.map { size.textWidth($0.label) }.max() ?? 0
    let left = isAbove ? 8 : min(longest, size.width * 0.4) + 14
    let right = size.width - labels - 14
    let totals = bars.map { $0.parts.reduce(0) { $0 + $1.value } }
    let axis = Axis(.linear, holding: totals + includes, count: size.isNarrow ? 4 : 8)
    let bottom = top + Double(bars.count) * step
    for tick in axis.ticks {
      guard let place = axis.place(tick) else { continue }
      let across = left + place * (right - left)
      drawing.line(across, top, across, bottom, style: "grid")
      drawing.text(
        axis.label(tick), x: across, y: bottom + font + 4, size: font, anchor: .middle, style: "m xtick")
    }
    drawing.text(xLabel, x: (left + right) / 2, y: drawing.height - 5, size: font, anchor: .middle)
    let zero = left + (axis.place(0) ?? 0) * (right - left)
    for (index, bar) in bars.enumerated() {
      let up = top + Double(index) * step
      let middle = up + (lead + step) / 2 + font * 0.35
      if isAbove {
        drawing.text(size.fitting(bar.name, width: size.width - left), x: left + 4, y: up + font + 2, size: font)
      } else {
        drawing.text(size.fitting(bar.name, width: left - 12), x: left - 8, y: middle, size: font, anchor: .end)
      }
      var (from, end) = (0.0, zero)
      for part in bar.parts where part.value.isFinite {
        let to = from + part.value
        let (a, b) = ((axis.place(from) ?? 0), (axis.place(to) ?? 0))
        let (start, stop) = (left + min(a, b) * (right - left), left + max(a, b) * (right - left))
        // Parts have a gap between them, unless it would take the place of a narrow one.
        let isApart = bar.parts.count > 1 && stop - start > 3
        drawing.rectangle(
          start, up + lead + 2, stop - start, step - lead - 4, style: "area \(part.style)\(isApart ? " part" : "")",
          title: part.title
        )
        (from, end) = (to, max(end, stop))
      }
      if !bar.label.isEmpty { drawing.text(bar.label, x: end + 5, y: middle, size: font, style: "m") }
    }
    drawing.line(zero, top, zero, bottom, style: "axis")
    return drawing
  }
}
