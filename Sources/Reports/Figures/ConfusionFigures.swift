import System

/// The figures of which classes are taken for which: the whole matrix, and the pairs with the most images.
enum ConfusionFigures {
  /// A confusion matrix with its name.
  typealias Evaluation = (name: String, confusion: Confusion)

  /// The number of pairs that are named.
  private static let pairLimit = 20
  /// The number of pairs that are marked in a matrix without names.
  private static let markLimit = 10

  static func all(_ evaluations: [Evaluation]) -> [Figure] {
    evaluations.enumerated().flatMap { index, evaluation in
      let suffix = evaluations.count == 1 ? "" : "-\(index + 1)"
      let title = evaluations.count == 1 ? "" : ": \(evaluation.name)"
      return [matrix(evaluation.confusion, suffix, title), pairs(evaluation.confusion, suffix, title)]
        .compactMap { $0 }
    }
  }

  private static func matrix(_ confusion: Confusion, _ suffix: String, _ title: String) -> Figure {
    let order = ConfusionOrder.clustered(confusion)
    let (count, images, names) = (confusion.classCount, confusion.images, confusion.classNames)
    var place = [Int](repeating: 0, count: count)
    for (index, label) in order.enumerated() { place[label] = index }
    let shares = order.flatMap { truth in
      order.map { images[truth] == 0 ? 0 : Double(confusion.count(truth, $0)) / Double(images[truth]) }
    }
    let worst = confusion.worst(markLimit)
    let marks = worst.map { pair in
      MatrixPlot.Mark(
        row: place[pair.truth], column: place[pair.guess], title: sentence(pair, confusion, images))
    }
    let isNamed = count <= MatrixPlot.namedLimit
    let plot = MatrixPlot(
      names: order.map { names[$0] }, shares: shares, rowLabel: "true class", columnLabel: "guessed class",
      marks: isNamed ? [] : marks)
    let rows = order.enumerated().map { index, truth -> [FigureTable.Cell] in
      let other = (0..<count).filter { $0 != truth && confusion.count(truth, $0) > 0 }
        .max { (confusion.count(truth, $0), $1) < (confusion.count(truth, $1), $0) }
      return [
        .init(index + 1), .init(truth), .text(names[truth]), .init(images[truth]),
        .init(confusion.count(truth, truth)), .text(other.map { names[$0] } ?? ""),
        .init(other.map { confusion.count(truth, $0) } ?? 0),
      ]
    }
    let wide = plot.blockSize(.wide)
    return Figure(
      name: "confusion\(suffix)", title: "Which class is taken for which\(title)",
      caption: "Each row is a class, and shows the classes that its images are taken for"
        + (isNamed ? ", in percent of its images. " : ". ")
        + "Classes that are taken for each other are neighbors."
        + (isNamed
          ? ""
          : " Right guesses are not drawn. A point stands for \(wide) × \(wide) classes, on a narrow page for more, "
            + "and shows the largest share; rings mark the \(marks.count.counted("pair")) with the most images."),
      table: FigureTable(
        ["place", "class", "name", "images", "right", "mostly_taken_for", "times"], rows: rows), drawing: plot.drawing)
  }

  private static func pairs(_ confusion: Confusion, _ suffix: String, _ title: String) -> Figure? {
    let worst = confusion.worst(pairLimit)
    guard !worst.isEmpty else { return nil }
    let (images, names) = (confusion.images, confusion.classNames)
    let table = FigureTable(
      ["class", "name", "guess", "guess_name", "images", "of"],
      rows: worst.map {
        [
          .init($0.truth), .text(names[$0.truth]), .init($0.guess), .text(names[$0.guess]), .init($0.count),
          .init(images[$0.truth]),
        ]
      })
    let wrong = images.reduce(0, +) - (0..<confusion.classCount).reduce(0) { $0 + confusion.count($1, $1) }
    let shown = worst.reduce(0) { $0 + $1.count }
    return Figure(
      name: "confused-pairs\(suffix)", title: "The pairs that are confused most\(title)",
      caption: "\(sentence(worst[0], confusion, images)). The \(worst.count.counted("pair")) shown have "
        + "\(shown.grouped) of \(wrong.counted("wrong guess", "wrong guesses", grouped: true)).",
      table: table,
      drawing: { size in
        let room = (size.width * (size.isNarrow ? 0.9 : 0.36) - size.textWidth(" → ")) / 2
        return BarPlot(
          bars: worst.map { pair in
            BarPlot.Bar(
              name: "\(size.fitting(names[pair.truth], width: room)) → \(size.fitting(names[pair.guess], width: room))",
              parts: [(Double(pair.count), "bad", sentence(pair, confusion, images))],
              label: "\(pair.count) of \(images[pair.truth])")
          }, xLabel: "images taken for the other class", isNamedAbove: true
        ).drawing(size)
      })
  }

  /// Returns a pair in words: "cat is taken for dog: 12 of 50".
  static func sentence(_ pair: Confusion.Pair, _ confusion: Confusion, _ images: [Int]) -> String {
    "\(confusion.classNames[pair.truth]) is taken for \(confusion.classNames[pair.guess]): \(pair.count.grouped) of "
      + images[pair.truth].grouped
  }
}
