import Foundation
import Images
import Network
import Reports
import TestSupport
import Testing

/// Every figure of full reports, read back: each shape says what the figure's table says.
@Suite struct FullReportTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  // MARK: - Reports

  /// One run; two runs with many classes; evaluations alone, with few classes and with more than there are pixels.
  enum Kind: String, CaseIterable { case oneRun, twoRuns, fewClasses, manyClasses }

  private static func report(_ kind: Kind) throws -> Report {
    switch kind {
    case .oneRun:
      Report(
        runs: [try run(1)], evaluations: [evaluation("one", classes: 10)], results: [("results", results(3))])
    case .twoRuns:
      Report(
        runs: [try run(1), try run(2)], evaluations: [evaluation("one", classes: 60), evaluation("two", classes: 60)])
    case .fewClasses:
      Report(
        runs: [], evaluations: [evaluation("one", classes: 12), evaluation("two", classes: 12)],
        results: [("few", results(2)), ("many", results(60)), ("none", [])])
    case .manyClasses:
      Report(runs: [], evaluations: [evaluation("one", classes: 1500), evaluation("two", classes: 1500)])
    }
  }

  private static func results(_ count: Int) -> [ResultsRow] {
    (0..<count).map {
      ResultsRow(
        time: "2026-11-24T10:00:00Z", checkpoints: ["run/checkpoint-\($0 % 2).h5"], data: "data", split: "test",
        views: "10-view", scales: $0 % 2 == 0 ? [] : [28, 32], mirror: true, averaging: "probabilities", images: 1000,
        top1: 100 + $0 * 37 % 91, top5: 7 * $0 % 13, seconds: 1.5, ranks: 2)
    }
  }

  private static func evaluation(_ name: String, classes: Int) -> (name: String, classes: [ClassErrors]) {
    let step = name == "one" ? 7 : 11
    return (
      name,
      (0..<classes).map {
        ClassErrors(
          classIndex: $0, name: "class \($0)", images: 50, top1: 10 + $0 * step % 37, top5: $0 * (step + 2) % 11)
      }
    )
  }

  /// A run with everything that a run can have; the numbers of each differ.
  private static func run(_ number: Int) throws -> RunContents {
    let folder = try ScratchFolder()
    let file = MetricsFile(path: folder.file("metrics.csv"))
    let k = Double(number)
    for epoch in 1...12 {
      let x = Double(epoch)
      try file.append(
        MetricsRow(
          epoch: epoch, iteration: 430 * epoch, learningRate: epoch <= 6 ? 0.01 : 0.001, trainLoss: 2.3 / x + 0.1 * k,
          trainTop1Error: 80 / x + 3 * sin(7 * x), validationTop1Error: 85 / x + 3 * cos(5 * x) + 3 * k,
          validationTop5Error: 40 / x, imagesPerSecond: 1800 + 50 * sin(x * k), seconds: 30 * x * k, dataWaitSeconds: 0)
      )
      try TimeFile(path: folder.file(TimeFile.name)).append(
        TimeRow(iteration: 430 * epoch, seconds: [20 * k, 5 + x, 3, 0.05, 2, k]))
    }
    let layers = ["conv1", "conv2", "conv3_1", "fc1"]
    let statistics = [0, 100, 200].flatMap { iteration in
      layers.enumerated().map { place, layer in
        let share = 0.1 * Double(place + iteration / 100)
        return "\(iteration),\(layer),\(k + Double(place)),1e-\(6 - place),\(0.002 * k),\(share)\n"
      }
    }
    try folder.write(Array((StatisticsFile.header + "\n" + statistics.joined()).utf8), to: StatisticsFile.name)
    var run = try RunContents(folder: folder.path, name: "run \(number)")
    run.coefficients = layers.enumerated().map { place, layer in
      LayerSlopes(
        layer: layer, isShared: false,
        values: (0..<(20 + 30 * place)).map { Float(sin(Double($0 * $0)) * 0.3) + 0.25 * Float(number) })
    }
    // The filters are gray ones of two channels, or colored ones.
    let shape = [5, number == 1 ? 2 : 3, 3, 3]
    run.filters = FilterBank(
      layer: "conv1", shape: shape, values: (0..<shape.reduce(1, *)).map { Float(sin(Double(3 * $0))) * 0.2 })
    return run
  }

  private static let all: [(Kind, String)] = Kind.allCases.flatMap { kind in
    ((try? report(kind))?.figures ?? []).map { (kind, $0.name) }
  }

  @Test func fullReportsHaveAllFigures() {
    func names(_ kind: Kind) -> [String] { Self.all.filter { $0.0 == kind }.map(\.1) }
    let statistics = ["gradients", "responses", "updates", "decay"]
    #expect(
      names(.oneRun) == ["error", "loss", "speed", "time", "coefficients", "coefficient-histograms", "filters"]
        + statistics + ["gradients-over-time", "responses-over-time", "results", "class-errors"])
    #expect(
      names(.twoRuns) == [
        "error", "loss", "speed", "time", "error-by-time", "coefficients", "coefficient-histograms-1", "filters-1",
        "coefficient-histograms-2", "filters-2",
      ] + statistics + [
        "gradients-over-time-1", "responses-over-time-1", "gradients-over-time-2", "responses-over-time-2",
        "class-errors-1", "class-errors-2", "class-difference",
      ])
    let classes = ["class-errors-1", "class-errors-2", "class-difference"]
    #expect(names(.fewClasses) == ["results-1", "results-2"] + classes)
    #expect(names(.manyClasses) == classes)
  }

  // MARK: - Reading back

  @Test(arguments: FullReportTests.all) func shapesAreTheTablesValues(kind: Kind, name: String) throws {
    let figure = try #require(try Self.report(kind).figures.first { $0.name == name })
    let table = Table(try CSVTable(figure.table.csv, path: name))
    for size in [FigureSize.wide, .narrow] {
      let svg = try SVGReading(figure.svg(size))
      let stem = String(name.prefix { !$0.isNumber }).trimmingSuffix { $0 == "-" }
      switch stem {
      case "error":
        for run in table.values("run") {
          let prefix = kind == .oneRun ? "" : "\(run), "
          let rows = table.rows(where: "run", run)
          try expectLine(svg, "\(prefix)validation", rows.points("epoch", "validation_top1_error"))
          try expectLine(svg, "\(prefix)training", rows.points("epoch", "train_top1_error"))
        }
      case "loss", "speed", "error-by-time":
        let (x, y) = [
          "loss": ("epoch", "train_loss"), "speed": ("epoch", "images_per_second"),
          "error-by-time": ("minutes", "validation_top1_error"),
        ][stem]!
        for run in table.values("run") { try expectLine(svg, run, table.rows(where: "run", run).points(x, y)) }
      case "time": try expectTimes(svg, table)
      case "coefficients": try expectCoefficients(svg, table)
      case "coefficient-histograms": try expectHistograms(svg, table)
      case "filters": try expectFilters(svg, table)
      case "gradients", "responses", "updates", "decay":
        for run in table.values("run") {
          for iteration in ["0", "200"] {
            let rows = table.rows(where: "run", run).rows(where: "iteration", iteration)
            try expectLayers(
              svg, "\(kind == .oneRun ? "" : "\(run), ")iteration \(iteration)", rows, isPower: stem != "decay")
          }
        }
      case "gradients-over-time", "responses-over-time":
        for layer in table.values("layer") {
          try expectLine(
            svg, layer, table.rows(where: "layer", layer).points("iteration", table.columns.last ?? ""), isPower: true)
        }
      case "results": try expectResults(svg, table)
      case "class-errors": try expectErrors(svg, table)
      case "class-difference": try expectDifference(svg, table, kind)
      default: Issue.record("nothing reads figures called \(stem)")
      }
    }
  }

  /// A hundredth of a pixel is as near as coordinates are, and two shapes' make two of them.
  private let nearness = 0.025

  private func expectValue(
    _ place: Double, _ ticks: [SVGReading.Tick], _ value: Double, _ what: String, isPower: Bool = false
  ) throws {
    let read = try SVGReading.value(place, ticks, isPower: isPower)
    let beside = try SVGReading.value(place + nearness, ticks, isPower: isPower)
    #expect(abs(read - value) <= abs(beside - read) + 1e-12, "\(what): \(read), the table says \(value)")
  }

  private func expectLine(
    _ svg: SVGReading, _ name: String, _ expected: [(x: Double, y: Double)], isPower: Bool = false
  ) throws {
    let points = try #require(svg.line(name)?.points, "\(name) is not drawn")
    try #require(points.count == expected.count && !points.isEmpty)
    for (point, value) in zip(points, expected) {
      try expectValue(point.x, svg.xTicks, value.x, name)
      try expectValue(point.y, svg.yTicks, value.y, name, isPower: isPower)
    }
    // Dots, where there are any, are at points of lines.
    for circle in svg.circles {
      #expect(svg.lines.contains { $0.points.contains { $0.x == circle.x && $0.y == circle.y } })
    }
  }

  private func expectLayers(_ svg: SVGReading, _ name: String, _ rows: Table, isPower: Bool) throws {
    let points = try #require(svg.line(name)?.points, "\(name) is not drawn")
    try #require(points.count == rows.count && points.count > 1)
    for (place, point) in points.enumerated() {
      let layer = rows.text(place, "layer")
      #expect(abs(try #require(svg.names.first { $0.name == layer }).place - point.x) <= nearness)
      try expectValue(
        point.y, svg.yTicks, rows.number(place, rows.columns.last ?? ""), "\(name), \(layer)", isPower: isPower)
    }
  }

  /// Bars of shares, one after another: of each row and of all, or of each run.
  private func expectTimes(_ svg: SVGReading, _ table: Table) throws {
    let runs = table.values("run")
    var sums: [[Double]] = []
    let columns = table.columns.dropFirst(2)
    if runs.count == 1 {
      sums = (0..<table.count).map { row in columns.map { table.number(row, $0) } }
      sums.append(columns.map { column in (0..<table.count).reduce(0) { $0 + table.number($1, column) } })
    } else {
      sums = runs.map { run in
        let rows = table.rows(where: "run", run)
        return columns.map { column in (0..<rows.count).reduce(0) { $0 + rows.number($1, column) } }
      }
    }
    try #require(svg.bars.count == sums.count * columns.count)
    for (bar, seconds) in sums.enumerated() {
      var sum = 0.0
      for (part, value) in seconds.enumerated() {
        let one = svg.bars[bar * columns.count + part]
        let share = 100 * value / seconds.reduce(0, +)
        try expectValue(one.x, svg.xTicks, sum, "\(one.title), its start")
        sum += share
        try expectValue(one.x + one.width, svg.xTicks, sum, "\(one.title), its end")
        #expect(one.title.contains("\(String(format: "%.1f", share)) %"), "\(one.title): \(share)")
      }
    }
  }

  private func expectCoefficients(_ svg: SVGReading, _ table: Table) throws {
    try #require(svg.circles.count == table.count && svg.bars.count == table.count)
    for (row, (circle, box)) in zip(svg.circles, svg.bars).enumerated() {
      #expect(circle.title.hasPrefix("\(table.text(row, "run")), \(table.text(row, "layer")): mean "))
      #expect(box.title == circle.title && abs(box.x + box.width / 2 - circle.x) <= nearness)
      try expectValue(circle.y, svg.yTicks, table.number(row, "mean"), "mean")
      try expectValue(box.y, svg.yTicks, table.number(row, "upper_quartile"), "upper quartile")
      try expectValue(box.y + box.height, svg.yTicks, table.number(row, "lower_quartile"), "lower quartile")
      let stroke = try #require(svg.strokes.first { $0.x1 == circle.x && $0.x2 == circle.x })
      try expectValue(stroke.y1, svg.yTicks, table.number(row, "least"), "least")
      try expectValue(stroke.y2, svg.yTicks, table.number(row, "greatest"), "greatest")
    }
    // The boxes of a layer stand about its name.
    let layers = table.values("layer")
    for (row, circle) in svg.circles.enumerated() {
      let nearest = svg.names.min { abs($0.place - circle.x) < abs($1.place - circle.x) }
      #expect(nearest?.name == table.text(row, "layer") && svg.names.count == layers.count)
    }
  }

  private func expectHistograms(_ svg: SVGReading, _ table: Table) throws {
    #expect(svg.tiles.count == table.values("layer").count)
    for tile in svg.tiles {
      let layer = String(tile.heading.prefix { $0 != " " })
      let rows = table.rows(where: "layer", layer)
      let filled = (0..<rows.count).filter { rows.number($0, "channels") > 0 }
      try #require(tile.bars.count == filled.count && tile.counts.count >= 2, "\(tile.heading)")
      #expect(tile.heading == "\(layer) (\(Int(filled.reduce(0) { $0 + rows.number($1, "channels") })))")
      for (bar, row) in zip(tile.bars, filled) {
        let base = try #require(tile.counts.first { $0.value == 0 }).place
        #expect(abs(bar.y + bar.height - base) <= nearness)
        try expectValue(bar.y, tile.counts, rows.number(row, "channels"), "\(layer), bar \(row)")
        try expectValue(bar.x, tile.xTicks, rows.number(row, "from"), "\(layer), bar \(row) from")
        // Bars are apart by 0.6 pixels.
        try expectValue(bar.x + bar.width + 0.6, tile.xTicks, rows.number(row, "to"), "\(layer), bar \(row) to")
      }
    }
  }

  private func expectFilters(_ svg: SVGReading, _ table: Table) throws {
    let (filters, channels) = (table.values("filter").count, table.values("channel").count)
    let isColor = channels == 3
    // The last picture is the scale, and its ends' names are the last numbers.
    try #require(svg.pictures.count == filters * (isColor ? 1 : channels) + 1 && svg.numbers.count >= 3)
    let ends = svg.numbers.suffix(3).map { $0 }
    #expect(ends[0] == -ends[2] && ends[1] == 0 && ends[2] > 0)
    let scale = try pixels(svg.pictures[svg.pictures.count - 1])
    let grays = scale.bytes.prefix(scale.extents.width)
    #expect(grays.first == 0 && grays.last == 255 && zip(grays, grays.dropFirst()).allSatisfy { $0 <= $1 })
    let bar = svg.pictures[svg.pictures.count - 1]
    #expect(bar.width == Double(scale.extents.width) && bar.height == Double(scale.extents.height) && bar.height > 9)
    for row in 0..<table.count {
      let (filter, channel) = (Int(table.number(row, "filter")), Int(table.number(row, "channel")))
      let one = svg.pictures[isColor ? filter : filter * channels + channel]
      let picture = try pixels(one)
      let extents = picture.extents
      #expect(one.width == Double(extents.width) && one.height == Double(extents.height))
      // The middle of the weight's square.
      let y = (2 * Int(table.number(row, "row")) + 1) * extents.height / 6
      let x = (2 * Int(table.number(row, "column")) + 1) * extents.width / 6
      let gray = Double(picture.bytes[((isColor ? channel : 0) * extents.height + y) * extents.width + x])
      let weight = (gray - 127.5) / 127.5 * ends[2]
      #expect(abs(weight - table.number(row, "weight")) < 0.51 / 127.5 * ends[2], "filter \(filter)")
    }
  }

  private func pixels(_ picture: SVGReading.Picture) throws -> DecodedImage {
    let prefix = "data:image/png;base64,"
    try #require(picture.dataURI.hasPrefix(prefix))
    try folder.write(
      [UInt8](try #require(Data(base64Encoded: String(picture.dataURI.dropFirst(prefix.count))))), to: "p")
    return try ImageDecoder.decode(path: folder.file("p"), channels: 3)
  }

  /// Two parts of a bar for each of the newest 40 evaluations: to the top-5 error, and on to the top-1 error.
  private func expectResults(_ svg: SVGReading, _ table: Table) throws {
    let first = max(0, table.count - 40)
    try #require(svg.bars.count == 2 * (table.count - first))
    for row in first..<table.count {
      let (top5, top1) = (svg.bars[2 * (row - first)], svg.bars[2 * (row - first) + 1])
      let scales = table.text(row, "scales").isEmpty ? "" : " at 28, 32"
      #expect(top1.title.hasPrefix("checkpoint-\(row % 2): 10-view\(scales): top-1 "), "\(top1.title)")
      try expectValue(top5.x, svg.xTicks, 0, top5.title)
      try expectValue(top5.x + top5.width, svg.xTicks, table.number(row, "top5_error"), top5.title)
      try expectValue(top1.x + top1.width, svg.xTicks, table.number(row, "top1_error"), top1.title)
    }
  }

  private func expectErrors(_ svg: SVGReading, _ table: Table) throws {
    let column = table.count >= 100 ? "top5_error" : "top1_error"
    guard table.count <= 40 else {
      let points = (0..<table.count).map { (x: Double($0 + 1), y: table.number($0, column)) }
      let line = try #require(svg.lines.first)
      if table.count <= 100 { return try expectLine(svg, line.name, points) }
      // Thinned: each point that is left is one of the table's.
      for point in line.points {
        let place = try SVGReading.value(point.x, svg.xTicks).rounded()
        try expectValue(point.x, svg.xTicks, place, column)
        try expectValue(point.y, svg.yTicks, points[Int(place) - 1].y, column)
      }
      return
    }
    try #require(svg.bars.count == table.count)
    for (row, bar) in svg.bars.enumerated() {
      #expect(bar.title.hasPrefix("\(table.text(row, "name")): "))
      try expectValue(bar.x, svg.xTicks, 0, bar.title)
      try expectValue(bar.x + bar.width, svg.xTicks, table.number(row, column), bar.title)
    }
  }

  private func expectDifference(_ svg: SVGReading, _ table: Table, _ kind: Kind) throws {
    let values = (0..<table.count).map { table.number($0, "reduction") }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 } && values.contains { $0 < 0 })
    for (row, value) in values.enumerated() {
      #expect(abs(table.number(row, "first_error") - table.number(row, "second_error") - value) < 1e-9)
    }
    func expectColor(_ bar: SVGReading.Rectangle, _ value: Double) {
      #expect(bar.style.contains("good") == (value > 0), "\(value)")
    }
    guard kind != .fewClasses else {
      try #require(svg.bars.count == values.count)
      for (bar, value) in zip(svg.bars, values) {
        try expectValue(bar.x, svg.xTicks, min(0, value), bar.title)
        try expectValue(bar.x + bar.width, svg.xTicks, max(0, value), bar.title)
        expectColor(bar, value)
      }
      return
    }
    // Classes that share a pixel show the one that differs most.
    let group = (values.count + svg.bars.count - 1) / svg.bars.count
    #expect((group > 1) == (kind == .manyClasses) && svg.bars.count == (values.count + group - 1) / group)
    for (place, bar) in svg.bars.enumerated() {
      let part = values[(place * group)..<min(values.count, (place + 1) * group)]
      let value = part.max { abs($0) < abs($1) } ?? 0
      try expectValue(bar.x, svg.xTicks, Double(place * group), "bar \(place)")
      try expectValue(bar.y, svg.yTicks, max(0, value), "bar \(place)")
      try expectValue(bar.y + bar.height, svg.yTicks, min(0, value), "bar \(place)")
      expectColor(bar, value)
    }
  }
}

/// A figure's numbers by the names of their columns.
private struct Table {
  let columns: [String]
  private let rows: [[String]]

  init(_ table: CSVTable) {
    columns = table.header
    rows = table.rows.map(\.fields)
  }

  private init(_ columns: [String], _ rows: [[String]]) { (self.columns, self.rows) = (columns, rows) }

  var count: Int { rows.count }

  private func place(_ column: String) -> Int { columns.firstIndex(of: column)! }

  func text(_ row: Int, _ column: String) -> String { rows[row][place(column)] }
  func number(_ row: Int, _ column: String) -> Double { Double(text(row, column)) ?? .nan }

  /// Returns the values of a column, each once.
  func values(_ column: String) -> [String] {
    var result: [String] = []
    for row in 0..<count where !result.contains(text(row, column)) { result.append(text(row, column)) }
    return result
  }

  func rows(where column: String, _ value: String) -> Table {
    Table(columns, rows.filter { $0[place(column)] == value })
  }

  func points(_ x: String, _ y: String) -> [(x: Double, y: Double)] {
    (0..<count).map { (number($0, x), number($0, y)) }
  }
}

extension String {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> String {
    var text = self
    while let last = text.last, condition(last) { text.removeLast() }
    return text
  }
}
