import Images

/// Panels of pictures with their true class and the five likeliest (paper, Figs. 4 and 5).
struct PicturePanels {
  private static let count = 12

  let run: RunContents
  /// The pictures that the predictions count; nil with the reason where they cannot be read.
  private let images: LabeledImages?
  private let problem: String?

  init(_ run: RunContents) {
    self.run = run
    guard let directory = run.setting("data.directory"), !directory.isEmpty else {
      (images, problem) = (nil, "the run does not say where its pictures are")
      return
    }
    do {
      let names = run.checkpoint?.input?.classNames
      let test = try IDXFolder.loadTest(directory: directory, classCount: names?.count).test
      if let outside = run.predictions.first(where: { $0.index >= test.count }) {
        (images, problem) = (nil, "prediction of picture \(outside.index), but there are \(test.count)")
      } else if let other = run.predictions.first(where: { Int(test.labels[$0.index]) != $0.label }) {
        (images, problem) = (
          nil, "picture \(other.index) has class \(test.labels[other.index]), the predictions say \(other.label)"
        )
      } else {
        (images, problem) = (test, nil)
      }
    } catch {
      (images, problem) = (nil, "\(error)")
    }
  }

  func html() -> String {
    var text = ""
    if let problem { text += "<p class=\"note\">The pictures themselves are not shown: \(escaped(problem)).</p>" }
    let right = Self.spread(run.predictions.filter(\.isRight))
    let wrong = run.predictions.filter { !$0.isRight }
      .sorted { ($1.guesses.first?.score ?? 0, $0.index) < ($0.guesses.first?.score ?? 0, $1.index) }
    let counts = "of \(Number.grouped(run.predictions.count)) pictures"
    text += panel(
      "Right", "\(Number.grouped(run.predictions.count { $0.isRight })) \(counts); some of each class", right)
    text += panel(
      "Wrong", "\(Number.grouped(wrong.count)) \(counts); those that the network was surest of",
      Array(wrong.prefix(Self.count)))
    return text
  }

  /// The first of each class, then the second of each, and so on.
  private static func spread(_ predictions: [Prediction]) -> [Prediction] {
    var seen: [Int: Int] = [:]
    let placed = predictions.map { prediction in
      let turn = seen[prediction.label, default: 0]
      seen[prediction.label] = turn + 1
      return (turn: turn, prediction: prediction)
    }
    return placed.sorted { ($0.turn, $0.prediction.label) < ($1.turn, $1.prediction.label) }.prefix(count)
      .map(\.prediction)
  }

  private func panel(_ title: String, _ note: String, _ predictions: [Prediction]) -> String {
    guard !predictions.isEmpty else { return "" }
    return "<h3>\(title)</h3><p class=\"caption\">\(escaped(note)).</p><div class=\"panel\">\n"
      + predictions.map(card).joined() + "</div>\n"
  }

  private func card(_ prediction: Prediction) -> String {
    let truth = escaped(run.className(prediction.label))
    var text = "<div class=\"card\">"
    if let images {
      let extents = images.extents
      let (pixels, channels) = Picture.interleaved(
        images.pixels(of: prediction.index), height: extents.height, width: extents.width, channels: extents.channels)
      let uri = Picture.dataURI(pixels, height: extents.height, width: extents.width, channels: channels)
      text += "<img alt=\"test picture \(prediction.index), \(truth)\" src=\"\(uri)\">"
    }
    text += "<p><b>\(truth)</b> <span class=\"faint\">no. \(prediction.index)</span></p><ol>"
    for (place, guess) in prediction.guesses.enumerated() {
      let isTrue = guess.classIndex == prediction.label
      let mark = isTrue ? "✓" : place == 0 ? "✗" : ""
      let width = Number.coordinate(max(0, min(100, 100 * guess.score)))
      text +=
        "<li class=\"\(isTrue ? "true" : "other")\"><span class=\"bar\" style=\"width:\(width)%\"></span>"
        + "<span class=\"name\">\(escaped(run.className(guess.classIndex))) \(mark)</span>"
        + "<span class=\"score\">\(Number.fixed(100 * guess.score, digits: 1)) %</span></li>"
    }
    return text + "</ol></div>\n"
  }
}
