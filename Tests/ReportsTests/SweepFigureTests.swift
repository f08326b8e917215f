import Reports
import TestSupport
import Testing

/// Reads the figures of searches over settings back.
@Suite struct SweepFigureTests {
  private func figures(_ paths: [String], _ runs: [([String], Double)]) -> [Figure] {
    let results = SweepResults(
      paths: paths,
      runs: runs.enumerated().map { .init(name: "\($0.offset + 1)", values: $0.element.0, error: $0.element.1) },
      errorName: "validation top-1 error")
    return Report(runs: [], sweep: results).figures
  }

  @Test func aGridHasALineForEachOtherSetting() throws {
    let depths = [("0", 20.0, 21.0), ("8", 22, 60), ("16", 23, 90)]
    let figures = figures(
      ["model.extraLayers", "model.initializer"],
      depths.flatMap { [(["\($0.0)", "he-backward"], $0.1), (["\($0.0)", "xavier-forward"], $0.2)] })
    #expect(figures.map(\.name) == ["sweep-model-extraLayers", "sweep-model-initializer"])
    for size in [FigureSize.wide, .narrow] {
      let reading = try SVGReading(figures[0].svg(size))
      #expect(reading.lines.count == 2)
      for (name, errors) in [
        ("initializer he-backward", depths.map(\.1)), ("initializer xavier-forward", depths.map(\.2)),
      ] {
        let points = try #require(reading.line(name)?.points, "\(name)")
        #expect(points.count == 3)
        for (point, (depth, error)) in zip(points, zip(depths.map(\.0), errors)) {
          #expect(try abs(SVGReading.value(point.x, reading.xTicks) - (Double(depth) ?? -1)) < 0.1)
          #expect(try abs(SVGReading.value(point.y, reading.yTicks) - error) < 0.5)
        }
      }
    }
    // Words stand side by side, and a line joins the networks of one depth.
    let words = figures[1].svg(.wide)
    #expect(words.contains(">he-backward<") && words.contains(">xavier-forward<"))
    #expect(try SVGReading(words).lines.count == 3)
    #expect(figures[0].table.rows.count == 6 && figures[0].table.columns.last == "error")
    #expect(figures[0].caption.contains("a line joins the runs that are alike"))
  }

  /// No two runs of a random search are alike in anything: each is a mark that names its other settings.
  @Test func aRandomSearchHasPoints() throws {
    let runs = (1...20).map { number in
      ([String(0.001 * Double(number * number)), "\(Double(number) / 7)", "same"], 30.0 - Double(number))
    }
    let figures = figures(["solver.learningRate", "regularization.mixup", "model.activation"], runs)
    #expect(figures.map(\.name) == ["sweep-solver-learningRate", "sweep-regularization-mixup"], "one value is no axis")
    let svg = figures[0].svg(.wide)
    #expect(svg.components(separatedBy: "<title>").count - 1 == 20, "a title for each of the marks")
    #expect(svg.contains("mixup \(Double(3) / 7), activation same"))
    // From 0.001 to 0.4 the axis is logarithmic.
    #expect(svg.contains(">10⁻³<") && svg.contains(">1<"))
    #expect(figures[1].caption.contains("a diamond each"))
  }

  @Test func runsThatVaryByOneSettingAreOneLine() throws {
    let figures = figures(["solver.learningRate"], [(["0.03"], 9), (["0.01"], 8), (["0.02"], 7)])
    let reading = try SVGReading(try #require(figures.first).svg(.wide))
    let line = try #require(reading.lines.first)
    #expect(reading.lines.count == 1 && line.points.count == 3)
    #expect(line.points.map(\.x) == line.points.map(\.x).sorted())
  }
}
