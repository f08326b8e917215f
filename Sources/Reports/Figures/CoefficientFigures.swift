import Glibc
import Network
import System

/// The figures of learned coefficients (the paper's Table 1) and of the first layer's filters.
enum CoefficientFigures {
  /// The largest number of runs that have histograms and filters.
  private static let runLimit = 6

  static func all(_ runs: [RunContents]) -> [Figure] {
    ([byLayer(runs)] + runs.enumerated().flatMap { [histograms($1, $0, among: runs), filters($1, $0, among: runs)] })
      .compactMap { $0 }
  }

  private static func byLayer(_ runs: [RunContents]) -> Figure? {
    let learned = runs.enumerated().filter { !$0.element.coefficients.isEmpty }
    guard !learned.isEmpty else { return nil }
    // There are no more than colors, because boxes have no strokes to tell them apart by. A run has the same color in
    // all figures where there are enough of them.
    let shown = learned.prefix(Palette.seriesCount).enumerated().map { order, learned in
      (color: Palette.series(runs.count > Palette.seriesCount ? order : learned.offset).name, run: learned.element)
    }
    var layers: [String] = []
    for (_, run) in learned {
      for one in run.coefficients where !layers.contains(one.layer) { layers.append(one.layer) }
    }
    var table = FigureTable([
      "run", "layer", "channels", "mean", "standard_deviation", "least", "lower_quartile", "median", "upper_quartile",
      "greatest",
    ])
    for (_, run) in learned {
      table.rows += run.coefficients.map { one in
        [
          .text(run.name), .text(one.layer), one.isShared ? .text("shared") : .init(one.values.count),
          .number(one.mean), .number(one.standardDeviation),
        ] + one.quartiles.map { .number($0) }
      }
    }
    let values = shown.flatMap { $0.run.coefficients.flatMap { [$0.quartiles[0], $0.quartiles[4]] } }
    let draw: (FigureSize) -> Drawing = { size in
      let legend = shown.count == 1 ? [] : shown.map { Frame.Entry(name: $0.run.name, style: $0.color) }
      var measure = Drawing(width: size.width, height: 0)
      let legendHeight = Frame.drawLegend(legend, in: &measure, size) - size.top
      var drawing = Drawing(width: size.width, height: size.height + size.top + legendHeight)
      let ticks = layers.enumerated().map { (value: Double($0) + 0.5, name: $1) }
      let frame = Frame(
        in: &drawing, size, x: Axis(.linear, holding: [0, Double(layers.count)]),
        y: Axis(.linear, holding: values + [0], isRounded: true), xLabel: "layers from the input to the output",
        yLabel: "coefficient a", legend: legend, xTicks: ticks)
      let slot = (frame.right - frame.left) / Double(layers.count)
      let step = slot * 0.7 / Double(shown.count)
      let width = min(step * 0.5, 14)
      for (order, (color, run)) in shown.enumerated() {
        for one in run.coefficients {
          guard let place = layers.firstIndex(of: one.layer) else { continue }
          let across =
            frame.left + (Double(place) + 0.5) * slot + (Double(order) - Double(shown.count - 1) / 2) * step
          let q = one.quartiles.compactMap { frame.point(0, $0)?.y }
          guard q.count == 5, let mean = frame.point(0, one.mean)?.y else { continue }
          let title =
            "\(run.name), \(one.layer): mean \(Number.fixed(one.mean, digits: 3)), "
            + "from \(Number.fixed(one.quartiles[0], digits: 3)) to \(Number.fixed(one.quartiles[4], digits: 3))"
          drawing.line(across, q[0], across, q[4], style: "line thin \(color)")
          drawing.rectangle(across - width / 2, q[3], width, q[1] - q[3], style: "area soft \(color)", title: title)
          drawing.circle(across, mean, max(2.5, min(4, width / 2)), style: "area \(color)", title: title)
        }
      }
      return drawing
    }
    return Figure(
      name: "coefficients", title: "Learned PReLU coefficients by layer",
      caption: "Dot: the mean over the layer's channels, or the shared value; box: the middle half of the channels; "
        + "line: from the least to the greatest. They start at the recipe's value (0.25 in the paper); 0 is ReLU, "
        + "1 is linear." + Figure.limitNote(shown.count, of: learned.count),
      table: table, drawing: draw)
  }

  // MARK: - Histograms

  private static let binCount = 24

  private static func histograms(_ run: RunContents, _ index: Int, among runs: [RunContents]) -> Figure? {
    let layers = run.coefficients.filter { $0.values.count > 1 && $0.values.allSatisfy(\.isFinite) }
    guard !layers.isEmpty, index < runLimit else { return nil }
    let all = layers.flatMap(\.values).map(Double.init)
    let axis = Axis(.linear, holding: all, count: 3)
    let width = (axis.upper - axis.lower) / Double(binCount)
    func bins(_ one: LayerSlopes) -> [Int] {
      var counts = [Int](repeating: 0, count: binCount)
      for value in one.values { counts[min(binCount - 1, max(0, Int((Double(value) - axis.lower) / width)))] += 1 }
      return counts
    }
    var table = FigureTable(["layer", "from", "to", "channels"])
    for one in layers {
      table.rows += bins(one).enumerated().map { place, count in
        [
          .text(one.layer), .number(axis.lower + Double(place) * width),
          .number(axis.lower + Double(place + 1) * width),
          .init(count),
        ]
      }
    }
    let color = Palette.series(index).name
    let draw: (FigureSize) -> Drawing = { size in
      let columns = size.isNarrow ? 2 : 5
      let tile = (size.width - 8) / Double(columns)
      let (height, tickFont) = (60.0, size.fontSize - 1)
      let tileHeight = height + size.fontSize + tickFont + 24
      let rows = layers.count.dividedUp(by: columns)
      var drawing = Drawing(width: size.width, height: size.top + Double(rows) * tileHeight + size.fontSize + 10)
      size.drawTitle(&drawing)
      for (place, one) in layers.enumerated() {
        let counts = bins(one)
        let vertical = Axis(
          .linear, holding: [0, Double(counts.max() ?? 1)], count: 2, wholeNumbers: true, isRounded: true)
        let names = vertical.ticks.map { vertical.label($0) }
        let left =
          4 + Double(place % columns) * tile + 6 + (names.map { Double($0.count) }.max() ?? 1) * tickFont * 0.58
        let right = 4 + Double(place % columns + 1) * tile - 10
        let inner = right - left
        let top = size.top + Double(place / columns) * tileHeight
        drawing.text(
          size.fitting("\(one.layer) (\(one.values.count))", width: inner), x: left, y: top + size.fontSize,
          size: size.fontSize, style: "b")
        let base = top + size.fontSize + 10 + height
        for (tick, name) in zip(vertical.ticks, names) {
          guard let up = vertical.place(tick) else { continue }
          drawing.line(left, base - up * height, right, base - up * height, style: "grid")
          drawing.text(
            name, x: left - 4, y: base - up * height + tickFont * 0.35, size: tickFont, anchor: .end, style: "m count")
        }
        for (bin, count) in counts.enumerated() where count > 0 {
          let bar = (vertical.place(Double(count)) ?? 0) * height
          drawing.rectangle(
            left + Double(bin) / Double(binCount) * inner, base - bar, inner / Double(binCount) - 0.6, bar,
            style: "area \(color)", title: "\(one.layer): \(count.counted("channel"))")
        }
        drawing.line(left, base, right, base, style: "axis")
        for tick in axis.ticks {
          guard let at = axis.place(tick), (0...1).contains(at) else { continue }
          drawing.text(
            axis.label(tick), x: left + at * inner, y: base + tickFont + 3, size: tickFont,
            anchor: at < 0.1 ? .start : at > 0.9 ? .end : .middle, style: "m xtick")
        }
      }
      drawing.text(
        "across: coefficient a; up: number of channels", x: size.width / 2, y: drawing.height - 6,
        size: size.fontSize, anchor: .middle)
      return drawing
    }
    let suffix = runs.count == 1 ? "" : "-\(index + 1)"
    return Figure(
      name: "coefficient-histograms\(suffix)",
      title: "Coefficients over channels" + (runs.count == 1 ? "" : ": \(run.name)"),
      caption: "How each layer's coefficients spread over its channels (their number in brackets), "
        + "each on its own scale of channels."
        + Figure.limitNote(runLimit, of: runs.count), table: table,
      drawing: draw)
  }

  // MARK: - Filters

  private static func filters(_ run: RunContents, _ index: Int, among runs: [RunContents]) -> Figure? {
    guard let filters = run.filters, index < runLimit else { return nil }
    let (count, channels) = (filters.shape[0], filters.shape[1])
    let (height, width) = (filters.shape[2], filters.shape[3])
    guard let largest = filters.values.map(abs).max(), largest.isFinite else { return nil }
    var table = FigureTable(["filter", "channel", "row", "column", "weight"])
    for (place, value) in filters.values.enumerated() where table.rows.count < 100_000 {
      let (column, row) = (place % width, place / width % height)
      table.rows.append([
        .init(place / (width * height * channels)), .init(place / (width * height) % channels), .init(row),
        .init(column), .number(Double(value)),
      ])
    }
    // The planes that are shown side by side: one for each filter, or for each of its channels where they are not
    // colors.
    let isColor = channels == 3
    let perFilter = isColor ? 1 : channels
    let planes = min(count * perFilter, 512)
    func gray(_ value: Float) -> UInt8 {
      UInt8(max(0, min(255, (127.5 + 127.5 * value / max(largest, .leastNormalMagnitude)).rounded())))
    }
    func pixel(_ plane: Int, _ y: Int, _ x: Int, _ c: Int) -> UInt8 {
      let (filter, channel) = isColor ? (plane, c) : (plane / perFilter, plane % perFilter)
      let value = filters.values[((filter * channels + channel) * height + y) * width + x]
      return gray(value)
    }
    let ends = [-largest, 0, largest].map { Number.short(Double($0)) }
    let draw: (FigureSize) -> Drawing = { size in
      let pixelSize = max(2, min(20, Int(size.isNarrow ? 40 : 60) / max(height, width)))
      let cell = Double(pixelSize * max(height, width)) + 6
      let columns = max(1, min(planes, Int((size.width - 12) / cell)))
      let rows = planes.dividedUp(by: columns)
      let bottom = size.top + Double(rows) * cell
      var drawing = Drawing(width: size.width, height: bottom + size.fontSize + 36)
      size.drawTitle(&drawing)
      for plane in 0..<planes {
        var pixels: [UInt8] = []
        for y in 0..<height {
          for x in 0..<width { for c in 0..<(isColor ? 3 : 1) { pixels.append(pixel(plane, y, x, c)) } }
        }
        drawing.picture(
          Picture.dataURI(pixels, height: height, width: width, channels: isColor ? 3 : 1, scale: pixelSize),
          x: 8 + Double(plane % columns) * cell, y: size.top + Double(plane / columns) * cell,
          width: Double(pixelSize * width), height: Double(pixelSize * height))
      }
      // The scale of grays between the ends.
      let (barLeft, barWidth, barHeight) = (8 + size.textWidth(ends[0]) / 2, 181, 12)
      let grays = (0..<barWidth).map { gray((Float($0) / Float(barWidth - 1) * 2 - 1) * largest) }
      drawing.picture(
        Picture.dataURI(
          [[UInt8]](repeating: grays, count: barHeight).flatMap { $0 }, height: barHeight, width: barWidth,
          channels: 1),
        x: barLeft, y: bottom + 6, width: Double(barWidth), height: Double(barHeight))
      for (place, name) in ends.enumerated() {
        let across = barLeft + Double(place) / 2 * Double(barWidth)
        drawing.line(across, bottom + 18, across, bottom + 22, style: "axis")
        drawing.text(
          name, x: across, y: bottom + 24 + size.fontSize, size: size.fontSize, anchor: .middle, style: "m")
      }
      drawing.text("weight", x: barLeft + Double(barWidth) + 12, y: bottom + 16, size: size.fontSize)
      return drawing
    }
    let suffix = runs.count == 1 ? "" : "-\(index + 1)"
    let shown = planes < count * perFilter ? "; the first \(planes) of \(count * perFilter)" : ""
    return Figure(
      name: "filters\(suffix)",
      title: "Filters of \(filters.layer)" + (runs.count == 1 ? "" : ": \(run.name)"),
      caption: "\(count.counted("filter")) of \(height) × \(width) over \(channels.counted("channel"))\(shown). "
        + "Middle gray is 0; one scale for all\(isColor ? ", in red, green and blue" : "")."
        + Figure.limitNote(runLimit, of: runs.count),
      table: table, drawing: draw)
  }
}
