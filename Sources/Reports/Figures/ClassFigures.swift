import System

/// The figures of errors by class: one evaluation's in ascending order (paper, Fig. 6), and the difference of two
/// (Fig. 7).
enum ClassFigures {
  /// The largest number of classes that have a bar each, with its name; more of them are a curve.
  private static let barLimit = 40

  /// An evaluation with its name.
  typealias Evaluation = (name: String, classes: [ClassErrors])

  static func all(_ evaluations: [Evaluation]) -> [Figure] {
    evaluations.enumerated().map { ascending($1, index: $0, count: evaluations.count) }
      + (evaluations.count < 2 ? [] : [difference(evaluations[0], evaluations[1])].compactMap { $0 })
  }

  private static func usesTop5(_ classes: [ClassErrors]) -> Bool {
    ClassComparison.Measure.usual(classes: classes.count) == .top5
  }

  private static func error(_ one: ClassErrors, top5: Bool) -> Double { top5 ? one.top5Error : one.top1Error }

  private static func ascending(_ evaluation: Evaluation, index: Int, count: Int) -> Figure {
    let top5 = usesTop5(evaluation.classes)
    let kind = top5 ? "top-5" : "top-1"
    // A class without images has no error.
    let classes = evaluation.classes.filter { $0.images > 0 }
    let sorted = classes.sorted {
      (error($0, top5: top5), $0.classIndex) < (error($1, top5: top5), $1.classIndex)
    }
    let table = FigureTable(
      ["class", "name", "images", "top1_errors", "top5_errors", "top1_error", "top5_error"],
      rows: sorted.map {
        [
          .init($0.classIndex), .text($0.name), .init($0.images), .init($0.top1), .init($0.top5),
          .number($0.top1Error), .number($0.top5Error),
        ]
      })
    let without = evaluation.classes.count - classes.count
    let leftOut =
      without == 0 ? "" : " \(without.counted("class")) without images \(without.verb("is", "are")) left out."
    let images = sorted.reduce(0) { $0 + $1.images }
    let wrong = sorted.reduce(0) { $0 + (top5 ? $1.top5 : $1.top1) }
    let mean = images == 0 ? 0 : 100 * Double(wrong) / Double(images)
    let draw: (FigureSize) -> Drawing
    if sorted.count <= barLimit {
      draw =
        BarPlot(
          bars: sorted.map { one in
            let value = error(one, top5: top5)
            return BarPlot.Bar(
              name: one.name, parts: [(value, "s0", "\(one.name): \(Number.fixed(value, digits: 2)) %")],
              label: "\(Number.fixed(value, digits: 1)) %")
          }, xLabel: "\(kind) error (%)"
        ).drawing
    } else {
      draw =
        LinePlot(
          series: [
            LinePlot.Series(
              name: "\(kind) error",
              points: sorted.enumerated().map { (Double($0 + 1), error($1, top5: top5)) }, style: "s0")
          ], xLabel: "classes in ascending order of error", yLabel: "\(kind) error (%)", yIncludes: [0]
        ).drawing
    }
    let errorless = sorted.filter { error($0, top5: top5) == 0 }.count
    let extremes =
      sorted.first.flatMap { low in
        sorted.last.map { high in
          " Least: \(low.name) (\(Number.fixed(error(low, top5: top5), digits: 1)) %); greatest: \(high.name) "
            + "(\(Number.fixed(error(high, top5: top5), digits: 1)) %)."
        }
      } ?? ""
    return Figure(
      name: "class-errors\(count == 1 ? "" : "-\(index + 1)")",
      title: "Error by class" + (count == 1 ? "" : ": \(evaluation.name)"),
      caption: "The \(kind) error of each class in ascending order; \(Number.fixed(mean, digits: 2)) % of "
        + "\(images.counted("image", grouped: true)) in all, \(errorless) of "
        + "\(sorted.count.counted("class")) without an error."
        + extremes + leftOut,
      table: table, drawing: draw)
  }

  private static func difference(_ a: Evaluation, _ b: Evaluation) -> Figure? {
    // Evaluations of different classes have no difference to show.
    guard let comparison = try? ClassComparison(a.classes, b.classes, firstPath: a.name, path: b.name)
    else { return nil }
    let kind = comparison.measure.rawValue
    // Positive where the second is better, as in the paper's figure.
    let gain = comparison.reduction
    let sorted = comparison.pairs
    let table = FigureTable(
      ["class", "name", "first_error", "second_error", "reduction"],
      rows: sorted.map {
        [
          .init($0.classIndex), .text($0.name), .number(comparison.errors($0).first),
          .number(comparison.errors($0).second), .number(gain($0)),
        ]
      })
    let (without, otherCounts) = (comparison.withoutImages.count, comparison.otherCounts)
    let (ownImages, otherImages) = comparison.images
    let counts =
      otherCounts == 0
      ? ""
      : " The first is of \(ownImages.counted("image", grouped: true)), the second of \(otherImages.grouped)."
    let leftOut =
      without == 0
      ? ""
      : " \(without.counted("class")) of which one of them has no images \(without.verb("is", "are")) left out."
    let label = "reduction of the \(kind) error (points)"
    let draw: (FigureSize) -> Drawing
    if sorted.count <= barLimit {
      draw =
        BarPlot(
          bars: sorted.map { pair in
            let value = gain(pair)
            return BarPlot.Bar(
              name: pair.name,
              parts: [
                (value, value > 0 ? "good" : "bad", "\(pair.name): \(Number.fixed(value, digits: 2)) points")
              ],
              label: (value > 0 ? "+" : "") + Number.fixed(value, digits: 1))
          }, xLabel: label,
          legend: [
            Frame.Entry(name: "better in the second", style: "good", isArea: true),
            Frame.Entry(name: "worse in the second", style: "bad", isArea: true),
          ]
        ).drawing
    } else {
      draw = { size in differenceCurve(sorted.map(gain), label, size) }
    }
    return Figure(
      name: "class-difference", title: "Error by class: \(a.name) against \(b.name)",
      caption:
        "How much less the second (\(b.name)) errs than the first (\(a.name)): "
        + "\(comparison.better.counted("class")) better, "
        + "\(comparison.unchanged) unchanged, \(comparison.worse) worse." + counts + leftOut,
      table: table, drawing: draw)
  }

  /// Draws thin bars up and down, at most as many as there are pixels: classes that share one show the largest value.
  private static func differenceCurve(_ values: [Double], _ label: String, _ size: FigureSize) -> Drawing {
    var drawing = Drawing(width: size.width, height: size.height + size.top + 20)
    let legend = [
      Frame.Entry(name: "better in the second", style: "good", isArea: true),
      Frame.Entry(name: "worse in the second", style: "bad", isArea: true),
    ]
    let frame = Frame(
      in: &drawing, size, x: Axis(.linear, holding: [0, Double(values.count)], count: 6, wholeNumbers: true),
      y: Axis(.linear, holding: values + [0], isRounded: true), xLabel: "classes from most improved to most worsened",
      yLabel: label, legend: legend)
    guard let zero = frame.point(0, 0)?.y else { return drawing }
    let width = (frame.right - frame.left) / Double(values.count)
    let group = max(1, Int((1 / width).rounded(.up)))
    for start in stride(from: 0, to: values.count, by: group) {
      let part = values[start..<min(start + group, values.count)]
      guard let value = part.max(by: { abs($0) < abs($1) }), let end = frame.point(Double(start), value) else {
        continue
      }
      drawing.rectangle(
        end.x, min(zero, end.y), max(width * Double(group), 0.5), abs(zero - end.y),
        style: "area crisp \(value > 0 ? "good" : "bad")")
    }
    drawing.line(frame.left, zero, frame.right, zero, style: "axis")
    return drawing
  }
}
