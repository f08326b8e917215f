import Foundation
import Network
import Reports
import TestSupport
import Testing

/// Reads plots back: what is drawn is what the tables say.
@Suite struct FigureTests {
  private static func run(epochs: Int) throws -> (folder: ScratchFolder, run: RunContents) {
    let folder = try ScratchFolder()
    let file = MetricsFile(path: folder.file("metrics.csv"))
    for epoch in 1...epochs {
      let x = Double(epoch)
      try file.append(
        MetricsRow(
          epoch: epoch, iteration: 430 * epoch, learningRate: epoch <= epochs / 2 ? 0.01 : 0.001,
          trainLoss: 2.3 / x + 0.1, trainTop1Error: 80 / x.squareRoot() + 3 * sin(7 * x),
          validationTop1Error: 85 / x.squareRoot() + 3 * cos(5 * x) + 3, validationTop5Error: 40 / x,
          imagesPerSecond: 1800 + 50 * sin(x), seconds: 30 * x, dataWaitSeconds: 0))
    }
    return (folder, try RunContents(folder: folder.path, name: "run"))
  }

  @Test(arguments: [5, 60]) func pointsAreTheTablesValues(epochs: Int) throws {
    let (folder, run) = try Self.run(epochs: epochs)
    let figures = Report(run: run).figures
    withExtendedLifetime(folder) {}
    for (name, columns) in [
      ("error", ["validation": "validation_top1_error", "training": "train_top1_error"]),
      ("loss", ["run": "train_loss"]), ("speed", ["run": "images_per_second"]),
    ] {
      let figure = try #require(figures.first { $0.name == name })
      let table = try CSVTable(figure.table.csv, path: name)
      for size in [FigureSize.wide, .narrow] {
        let reading = try SVGReading(figure.svg(size))
        for (line, column) in columns {
          let points = try #require(reading.line(line)?.points, "\(name): \(line)")
          #expect(points.count == epochs)
          let xs = try #require(table.header.firstIndex(of: "epoch"))
          let ys = try #require(table.header.firstIndex(of: column))
          // Coordinates have two digits after the point.
          let yUnit = try abs(SVGReading.value(1, reading.yTicks) - SVGReading.value(0, reading.yTicks))
          let xUnit = try abs(SVGReading.value(1, reading.xTicks) - SVGReading.value(0, reading.xTicks))
          for (point, row) in zip(points, table.rows) {
            let (x, y) = (try #require(Double(row.fields[xs])), try #require(Double(row.fields[ys])))
            #expect(try abs(SVGReading.value(point.x, reading.xTicks) - x) < 0.02 * xUnit)
            #expect(try abs(SVGReading.value(point.y, reading.yTicks) - y) < 0.02 * yUnit, "\(name) \(line) at \(x)")
          }
        }
      }
    }
  }

  @Test func thousandsOfEpochsAreThinnedToTheirOwnPoints() throws {
    let (folder, run) = try Self.run(epochs: 5000)
    let report = Report(run: run)
    withExtendedLifetime(folder) {}
    let figure = try #require(report.figures.first { $0.name == "error" })
    #expect(figure.table.rows.count == 5000)
    let reading = try SVGReading(figure.svg(.wide))
    let points = try #require(reading.line("validation")?.points)
    #expect((800...3400).contains(points.count), "\(points.count)")
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.x <= $1.x })
    let errors = run.metrics.compactMap(\.validationTop1Error)
    let unit = try abs(SVGReading.value(1, reading.yTicks) - SVGReading.value(0, reading.yTicks))
    // The extremes are there, and what is there is one of the data.
    let drawn = try points.map { try SVGReading.value($0.y, reading.yTicks) }
    #expect(abs(try #require(drawn.max()) - errors.max()!) < 0.02 * unit)
    #expect(abs(try #require(drawn.min()) - errors.min()!) < 0.02 * unit)
    let sorted = errors.sorted()
    for value in drawn {
      let place = sorted.firstIndex { $0 >= value - 0.02 * unit } ?? sorted.count - 1
      #expect(abs(sorted[place] - value) < 0.02 * unit)
    }
    #expect(report.html().utf8.count < 6_000_000)
  }

  @Test func rateSwitchesAreMarked() throws {
    let (folder, run) = try Self.run(epochs: 8)
    let svg = try #require(Report(run: run).figures.first { $0.name == "error" }).svg(.wide)
    withExtendedLifetime(folder) {}
    #expect(svg.contains(">rate 0.001<"))
    #expect(svg.components(separatedBy: "class=\"mark\"").count == 2)
  }

  // MARK: - Many runs

  /// Fifteen runs, as an experiment makes them, of which the eighth has the color of the first.
  @Test func manyRunsAreToldApart() throws {
    let (folder, run) = try Self.run(epochs: 3)
    withExtendedLifetime(folder) {}
    let runs = (1...15).map { number in
      var one = run
      one.name = "run \(number)"
      one.statistics = ["conv1", "conv2", "fc1"].flatMap { layer in
        [0, 100].map {
          StatisticsRow(
            iteration: $0,
            layer: LayerStatistics(
              layer: layer, responseDeviation: 1, gradientDeviation: 0.1 * Double(number), updateRatio: 0.001,
              decayShare: 0.5))
        }
      }
      one.coefficients = [LayerSlopes(layer: "conv1", isShared: false, values: [0.1, 0.2, 0.25 + Float(number)])]
      one.filters = FilterBank(layer: "conv1", shape: [2, 1, 2, 2], values: [1, -1, 0, 0.5, 0, 0, 0, 0])
      return one
    }
    let figures = Report(runs: runs).figures
    for (name, lines) in [("error", 15), ("loss", 15), ("error-by-time", 15), ("gradients", 15)] {
      let figure = try #require(figures.first { $0.name == name })
      let styles = try XMLReading(figure.svg(.wide)).elements.filter { $0.name == "polyline" }
        .map { "\($0.attributes["class"] ?? "") \($0.attributes["stroke-dasharray"] ?? "")" }
      #expect(styles.count == lines && Set(styles).count == lines, "\(name): \(styles)")
    }
    func caption(_ name: String) throws -> String { try #require(figures.first { $0.name == name }, "\(name)").caption }
    #expect(try caption("error").contains("the training errors of so many runs are in the table only"))
    #expect(try caption("gradients").contains("The last logged iteration of each run"))
    #expect(try caption("gradients-over-time-4").contains("the first 4 of 15 runs"))
    #expect(try caption("coefficients").contains("the first 7 of 15 runs"))
    for name in ["filters-6", "coefficient-histograms-6"] {
      #expect(try caption(name).contains("the first 6 of 15 runs"))
    }
    for name in ["gradients-over-time-5", "filters-7", "coefficient-histograms-7"] {
      #expect(!figures.map(\.name).contains(name))
    }
    // Seven runs have both lines, and nothing to say.
    let seven = try #require(Report(runs: Array(runs[..<7])).figures.first)
    #expect(try SVGReading(seven.svg(.narrow)).lines.count == 14)
    #expect(!seven.caption.contains("table only"))
  }

  // MARK: - Classes

  private func evaluation(_ errors: [(top1: Int, top5: Int)], _ name: String) throws -> String {
    let rows = errors.enumerated().map { "\($0),\"class \($0), or so\",50,\($1.top1),\($1.top5)\n" }
    let path = "\(folder.path)/\(name).csv"
    try Data((ClassErrorsFile.header + "\n" + rows.joined()).utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  @Test func classesAreSortedAndCompared() throws {
    let a = try evaluation([(10, 5), (3, 0), (20, 10), (7, 7)], "a")
    let b = try evaluation([(8, 5), (3, 1), (25, 10), (1, 0)], "b")
    let report = try Report(paths: [a, b])
    #expect(report.figures.map(\.name) == ["class-errors-1", "class-errors-2", "class-difference"])
    #expect(report.figures[0].table.rows.map { $0[1] } == [1, 3, 0, 2].map { .text("class \($0), or so") })
    let bars = try SVGReading(report.figures[0].svg(.wide)).bars
    #expect(bars.count == 4)
    #expect(abs(bars[3].width / bars[0].width - 20.0 / 3) < 0.01)
    #expect(
      report.figures[2].caption.contains("2 classes better, 1 unchanged, 1 worse"), "\(report.figures[2].caption)")
    #expect(report.figures[2].table.rows.map { $0[4] } == [12, 4, 0, -10].map { .number($0) })
  }

  @Test func aThousandClassesAreACurveOfTop5() throws {
    let a = try evaluation((0..<1000).map { (top1: $0 % 41 + 9, top5: $0 % 41) }, "a")
    let figure = try #require(try Report(paths: [a]).figures.first)
    let points = try #require(try SVGReading(figure.svg(.narrow)).lines.first?.points)
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.y >= $1.y })
    #expect(figure.caption.contains("top-5 error"))
    #expect(figure.table.rows.count == 1000)
  }

  // MARK: - Statistics

  @Test(arguments: [
    [1.7e308, 1], [-1e308, 1e308], [0, .leastNonzeroMagnitude], [.leastNonzeroMagnitude, .leastNonzeroMagnitude],
    [1, 1 + 1e-16], [.infinity, .nan], [-1e150, 1e150],
    [],
  ])
  func axesOfExtremeValues(values: [Double]) {
    for scale in [Axis.Scale.linear, .logarithmic] {
      let axis = Axis(scale, holding: values)
      #expect(axis.lower < axis.upper && axis.lower.isFinite && axis.upper.isFinite, "\(values), \(scale)")
      let numbers = axis.ticks + values.compactMap { axis.place($0) }
      let areFinite = numbers.allSatisfy { $0.isFinite }
      #expect(axis.ticks.count < 50 && areFinite, "\(values), \(scale): \(numbers)")
    }
  }

  @Test(arguments: [[-44.0, 48], [0.3, 1.9], [-0.9, 0.99], [0, 4.9]]) func axesNameTwoValuesAtLeast(values: [Double]) {
    for count in 2...8 { #expect(Axis(.linear, holding: values, count: count).ticks.count >= 2, "\(count)") }
  }

  @Test func logarithmicAxisIsRight() throws {
    var text = StatisticsFile.header + "\n"
    for (place, layer) in ["conv1", "conv2", "conv3", "fc1"].enumerated() {
      for iteration in [0, 100] { text += "\(iteration),\(layer),1,1e-\(8 - place),0.001,0.5\n" }
    }
    // Written again by a resumed run; and a line that is still being written.
    text += "100,fc1,1,1e-2,0.001,0.5\n200,conv1,1"
    try folder.write(Array(text.utf8), to: "statistics.csv")
    let run = try RunContents(folder: folder.path)
    #expect(run.statistics.count == 8)
    let figures = Report(run: run).figures
    let figure = try #require(figures.first { $0.name == "gradients" })
    let points = try #require(try SVGReading(figure.svg(.wide)).lines.last?.points)
    // Ten times more is the same step up, whatever the value; fc1 lies three further powers above conv3.
    let steps = zip(points, points.dropFirst()).map { $0.y - $1.y }
    #expect(steps.count == 3 && abs(steps[0] - steps[1]) < 0.03 && abs(steps[2] - 4 * steps[0]) < 0.06, "\(steps)")
    #expect(figures.map(\.name).contains("gradients-over-time"))
  }

  @Test func manyLoggedIterationsAreThinned() throws {
    var text = StatisticsFile.header + "\n"
    for iteration in 1...1000 { text += "\(iteration),conv1,1,1e-4,0.001,0.5\n\(iteration),fc1,2,1e-3,0.001,0.5\n" }
    try folder.write(Array(text.utf8), to: "statistics.csv")
    let figures = Report(run: try RunContents(folder: folder.path)).figures
    let figure = try #require(figures.first { $0.name == "responses-over-time" })
    #expect(figure.table.rows.count == 2 * 334)
    #expect(figure.table.rows.last == [.number(1000), .text("fc1"), .number(2)])
    #expect(figure.caption.contains("334 of 1,000 logged iterations"))
    let lines = try SVGReading(figure.svg(.wide)).lines
    #expect(lines.map(\.points.count) == [334, 334])
  }

  @Test func classesWithoutImagesAreLeftOut() throws {
    func classes(_ counts: [(images: Int, wrong: Int)]) -> [ClassErrors] {
      counts.enumerated().map {
        ClassErrors(classIndex: $0, name: "c\($0)", images: $1.images, top1: $1.wrong, top5: 0)
      }
    }
    let folder = try ScratchFolder()
    for (name, counts) in [("a", [(10, 1), (0, 0), (5, 0), (4, 2)]), ("b", [(10, 2), (3, 1), (5, 0), (8, 2)])] {
      try ClassErrorsFile.write(classes(counts), to: folder.file("\(name).csv"))
    }
    let figures = try Report(paths: [folder.file("a.csv"), folder.file("b.csv")]).figures
    let first = try #require(figures.first { $0.name == "class-errors-1" })
    #expect(try CSVTable(first.table.csv, path: "a").rows.map { $0.fields[1] } == ["c2", "c0", "c3"])
    #expect(
      first.caption.hasSuffix(
        "15.79 % of 19 images in all, 1 of 3 classes without an error. Least: c2 (0.0 %); greatest: c3 (50.0 %). "
          + "1 class without images is left out."), "\(first.caption)")
    #expect(!first.svg(.wide).contains("c1"))
    let difference = try #require(figures.first { $0.name == "class-difference" })
    #expect(
      difference.caption.hasSuffix(
        "1 class better, 1 unchanged, 1 worse. The first is of 19 images, the second of 23. 1 class of which one of "
          + "them has no images is left out."), "\(difference.caption)")
  }
}
