/// The part of a drawing that two axes enclose. It draws the grid, axes, names and legend, and finds the places of
/// values.
struct Frame {
  let x: Axis
  let y: Axis
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double

  /// The entry of a series in the legend.
  struct Entry {
    let name: String
    /// A class of ``Palette``.
    let style: String
    var dash = ""
    /// Whether it is shown by a patch instead of a line.
    var isArea = false
    var isThin = false
  }

  /// Lays out and draws everything but the data: the legend stands above the plot, where it hides nothing.
  ///
  /// - Parameter xTicks: names for places on the x axis, instead of its own.
  init(
    in drawing: inout Drawing, _ size: FigureSize, x: Axis, y: Axis, xLabel: String, yLabel: String,
    legend: [Entry] = [], xTicks: [(value: Double, name: String)]? = nil
  ) {
    size.drawTitle(&drawing)
    let font = size.fontSize
    let legendBottom = Self.drawLegend(legend, in: &drawing, size)
    self.x = x
    self.y = y
    let yNames = y.ticks.map(y.label)
    let xNames = xTicks ?? x.ticks.map { ($0, x.label($0)) }
    left = 30 + (yNames.map(size.textWidth).max() ?? 20)
    let lastName = xNames.last.map { size.textWidth($0.name) / 2 } ?? 0
    right = size.width - max(12, min(lastName + 4, 44))
    top = legendBottom + 8

    // Names that do not fit beside one another are turned.
    let room = (right - left) / Double(max(xNames.count, 1))
    let longest = xNames.map { size.textWidth($0.name) }.max() ?? 0
    let isTurned = xTicks != nil && longest > room * 0.95
    bottom = drawing.height - (isTurned ? min(longest, 110) + 30 : font + 28)

    for tick in y.ticks {
      guard let place = y.place(tick) else { continue }
      let height = bottom - place * (bottom - top)
      drawing.line(left, height, right, height, style: "grid")
      drawing.text(y.label(tick), x: left - 6, y: height + font * 0.35, size: font, anchor: .end, style: "m ytick")
    }
    for (value, name) in xNames {
      guard let place = x.place(value), (-1e-9...1 + 1e-9).contains(place) else { continue }
      let across = left + place * (right - left)
      drawing.line(across, bottom, across, bottom + 4, style: "axis")
      if isTurned {
        drawing.text(
          size.fitting(name, width: 110), x: across + font * 0.35, y: bottom + 8, size: font, anchor: .end,
          style: "m xtick", turned: true)
      } else {
        drawing.text(name, x: across, y: bottom + font + 6, size: font, anchor: .middle, style: "m xtick")
      }
    }
    drawing.line(left, bottom, right, bottom, style: "axis")
    drawing.text(xLabel, x: (left + right) / 2, y: drawing.height - 6, size: font, anchor: .middle)
    drawing.text(yLabel, x: font, y: (top + bottom) / 2, size: font, anchor: .middle, turned: true)
  }

  /// Returns the place of a point in pixels; nil where an axis has none for it.
  func point(_ xValue: Double, _ yValue: Double) -> (x: Double, y: Double)? {
    guard let across = x.place(xValue), let up = y.place(yValue) else { return nil }
    return (left + across * (right - left), bottom - up * (bottom - top))
  }

  /// Draws the legend. Returns its lower end.
  static func drawLegend(_ entries: [Entry], in drawing: inout Drawing, _ size: FigureSize) -> Double {
    guard !entries.isEmpty else { return size.top }
    let font = size.fontSize
    var (across, down) = (12.0, size.top + font)
    for entry in entries {
      let name = size.fitting(entry.name, width: size.width - 70)
      let width = 34 + size.textWidth(name) + 14
      if across > 12, across + width > size.width { (across, down) = (12, down + font + 7) }
      if entry.isArea {
        drawing.rectangle(across, down - font * 0.75, 22, font * 0.8, style: "area \(entry.style)")
      } else {
        let style = "line \(entry.style)\(entry.isThin ? " thin" : "")"
        drawing.line(across, down - font * 0.35, across + 24, down - font * 0.35, style: style, dash: entry.dash)
      }
      drawing.text(name, x: across + 30, y: down, size: font)
      across += width
    }
    return down + 4
  }
}
