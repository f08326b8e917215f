import Images
import System

/// Panels of pictures with their true class and the five likeliest (paper, Figs. 4 and 5).
struct PicturePanels {
  /// The largest number of pictures in a panel.
  private static let count = 12
  /// The side of a picture on the page, in pixels.
  private static let side = 84

  let run: RunContents
  /// The pictures that the predictions count; nil where they cannot be read.
  private let pictures: (images: any TestImages, split: MeasuredSplit)?
  /// The reason why there are no pictures.
  private let problem: String?

  init(_ run: RunContents, from source: (any PictureSource)?) {
    self.run = run
    do {
      (pictures, problem) = (try Self.find(run, source), nil)
    } catch {
      (pictures, problem) = (nil, "\(error)")
    }
  }

  /// A reason why there are no pictures.
  private struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  private static func find(
    _ run: RunContents, _ source: (any PictureSource)?
  ) throws -> (images: any TestImages, split: MeasuredSplit) {
    guard let source else { throw Missing("this report was made without the data") }
    guard let path = run.predicted?.data ?? run.setting("data.directory"), !path.isEmpty else {
      throw Missing("the run does not say where its pictures are")
    }
    let data = PictureData(
      path: path, heldOutCount: run.setting("data.validation").flatMap { Int($0) } ?? 0,
      classNames: run.network?.classNames)
    func fitting(_ split: MeasuredSplit) throws -> any TestImages {
      let images = try source.pictures(split, of: data)
      if let outside = run.predictions.first(where: { $0.index >= images.count }) {
        throw Missing(
          "expected predictions of the \(images.count.counted("\(split) picture")), "
            + "found one of picture \(outside.index)"
        )
      }
      if let other = run.predictions.first(where: { Int(images.labels[$0.index]) != $0.label }) {
        throw Missing(
          "\(split) picture \(other.index) has class \(images.labels[other.index]), the predictions say \(other.label)")
      }
      return images
    }
    guard let split = run.predicted?.split else { throw Missing("the run has no predictions") }
    return (try fitting(split), split)
  }

  func html() -> String {
    let right = Self.spread(run.predictions.filter(\.isRight))
    let wrong = run.predictions.filter { !$0.isRight }
      .sorted { ($1.guesses.first?.score ?? 0, $0.index) < ($0.guesses.first?.score ?? 0, $1.index) }
    let counts =
      "of \(run.predictions.count.counted("\(pictures.map { "\($0.split) " } ?? "")picture", grouped: true))"
    var problem = problem
    let panels =
      panel(
        "Right", "\(run.predictions.count { $0.isRight }.grouped) \(counts); some of each class", right,
        &problem)
      + panel(
        "Wrong", "\(wrong.count.grouped) \(counts); those that the network was surest of",
        Array(wrong.prefix(Self.count)), &problem)
      + pairs(wrong, &problem)
    let missing = pictures == nil ? "The pictures themselves are not shown" : "Some pictures are not shown"
    return (problem.map { "<p class=\"note\">\(missing): \(escaped($0)).</p>" } ?? "") + panels
  }

  /// The largest number of pairs of classes, and of pictures of each, that a page shows.
  private static let (pairCount, pairPictures) = (6, 4)

  /// Returns the pairs of classes that are confused most, with the pictures that the network was surest of.
  /// - Parameter wrong: The wrong predictions, the surest first.
  private func pairs(_ wrong: [Prediction], _ problem: inout String?) -> String {
    struct Pair: Hashable { let truth: Int, guess: Int }
    let all = Dictionary(grouping: wrong.filter { !$0.guesses.isEmpty }) {
      Pair(truth: $0.label, guess: $0.guesses[0].classIndex)
    }
    // One picture makes no pair.
    let worst = all.filter { $0.value.count > 1 }.sorted {
      (-$0.value.count, $0.key.truth, $0.key.guess) < (-$1.value.count, $1.key.truth, $1.key.guess)
    }
    let images = Dictionary(grouping: run.predictions, by: \.label).mapValues(\.count)
    var text = ""
    for (pair, predictions) in worst.prefix(Self.pairCount) {
      let note =
        "\(predictions.count.grouped) of \(images[pair.truth, default: 0].counted("picture", grouped: true)); those "
        + "that the network was surest of"
      text += panel(
        "\(run.className(pair.truth)) taken for \(run.className(pair.guess))", note,
        Array(predictions.prefix(Self.pairPictures)), &problem)
    }
    return text
  }

  /// Returns the first prediction of each class, then the second of each, and so on.
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

  private func panel(_ title: String, _ note: String, _ predictions: [Prediction], _ problem: inout String?) -> String {
    guard !predictions.isEmpty else { return "" }
    var text = "<h3>\(escaped(title))</h3><p class=\"caption\">\(escaped(note)).</p><div class=\"panel\">\n"
    for prediction in predictions { text += card(prediction, &problem) }
    return text + "</div>\n"
  }

  /// - Parameter problem: takes the reason why the picture cannot be shown, unless there is one already.
  private func card(_ prediction: Prediction, _ problem: inout String?) -> String {
    let truth = escaped(run.className(prediction.label))
    var text = "<div class=\"card\">"
    if let pictures {
      do throws(DataError) {
        let (uri, isReduced) = try Self.picture(prediction.index, of: pictures.images)
        text +=
          "<img\(isReduced ? " class=\"photo\"" : "") alt=\"\(pictures.split) picture \(prediction.index), \(truth)\" "
          + "src=\"\(uri)\">"
      } catch {
        problem = problem ?? "\(error)"
      }
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

  /// Returns a small picture as it is, and the middle square of a larger one, reduced.
  private static func picture(
    _ index: Int, of images: any TestImages
  ) throws(DataError) -> (uri: String, isReduced: Bool) {
    var extents = images.extents(of: index, shorterSide: nil)
    var (rows, columns) = (0..<extents.height, 0..<extents.width)
    var shorterSide: Int?
    if max(extents.height, extents.width) > side {
      let length = min(extents.height, extents.width, side)
      shorterSide = length
      extents = images.extents(of: index, shorterSide: length)
      rows = (extents.height - length) / 2..<(extents.height - length) / 2 + length
      columns = (extents.width - length) / 2..<(extents.width - length) / 2 + length
    }
    var values = [Float](repeating: 0, count: images.channels * rows.count * columns.count)
    let result = values.withUnsafeMutableBufferPointer { values in
      Result { () throws(DataError) in
        try images.read(index, shorterSide: shorterSide, rows: rows, columns: columns, into: values.baseAddress!)
      }
    }
    try result.get()
    let (pixels, channels) = Picture.interleaved(
      values.map { UInt8(max(0, min(255, $0.rounded()))) }, height: rows.count, width: columns.count,
      channels: images.channels)
    return (
      Picture.dataURI(pixels, height: rows.count, width: columns.count, channels: channels), shorterSide != nil
    )
  }
}
