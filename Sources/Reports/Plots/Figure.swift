/// A plot with its numbers.
public struct Figure {
  /// For file names: letters, digits and hyphens.
  public let name: String
  public let title: String
  /// What is to be seen, and what the axes do not say.
  public let caption: String
  public let table: FigureTable
  private let drawing: (FigureSize) -> Drawing

  init(name: String, title: String, caption: String, table: FigureTable, drawing: @escaping (FigureSize) -> Drawing) {
    self.name = name
    self.title = title
    self.caption = caption
    self.table = table
    self.drawing = drawing
  }

  /// What a caption adds where only the first runs have such a figure.
  static func limitNote(_ limit: Int, of count: Int) -> String {
    count > limit ? " Shown for the first \(limit) of \(count) runs." : ""
  }

  /// The plot for a page.
  public func svg(_ size: FigureSize) -> String { drawing(size).svg(title: title) }

  /// The plot as a file of its own, with its title in it.
  public func file() -> String {
    drawing(.file(title: title)).file(title: title)
  }
}

/// How much room a plot has. Two sizes of each plot are on a page, and its width decides which one is seen, so that
/// text is never scaled down.
public struct FigureSize: Sendable {
  public let width: Double
  let isNarrow: Bool
  /// Written above the plot where no page does.
  let title: String?

  public static let wide = FigureSize(width: 860, isNarrow: false, title: nil)
  public static let narrow = FigureSize(width: 348, isNarrow: true, title: nil)

  static func file(title: String) -> FigureSize { FigureSize(width: 860, isNarrow: false, title: title) }

  /// Of text.
  var fontSize: Double { isNarrow ? 12 : 13 }
  /// Where the plot begins below the title.
  var top: Double { title == nil ? 6 : 34 }

  /// The size of plots that have no height of their own.
  var height: Double { isNarrow ? 260 : 380 }

  /// An estimate of a text's width: a little more than the usual sans-serif takes.
  func textWidth(_ text: String) -> Double { Double(text.count) * fontSize * 0.58 }

  func drawTitle(_ drawing: inout Drawing) {
    guard let title else { return }
    drawing.text(title, x: 12, y: 22, size: 15, style: "b")
  }

  /// Text that fits in `width`. From longer text the middle is left out: names of runs often differ at their ends.
  func fitting(_ text: String, width: Double) -> String {
    let count = max(1, Int(width / (fontSize * 0.58)))
    return text.count <= count ? text : "\(text.prefix(count / 2))…\(text.suffix((count - 1) / 2))"
  }
}
