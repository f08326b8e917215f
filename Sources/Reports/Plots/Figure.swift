import System

/// A plot with its numbers.
public struct Figure {
  /// The name for files: letters, digits and hyphens.
  public let name: String
  public let title: String
  /// The text that tells what is seen, and what the axes do not say.
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

  /// Returns the caption's addition where only the first runs have such a figure; empty elsewhere.
  static func limitNote(_ limit: Int, of count: Int) -> String {
    count > limit ? " Shown for the first \(limit) of \(count.counted("run"))." : ""
  }

  /// Returns the plot for a page.
  public func svg(_ size: FigureSize) -> String { drawing(size).svg(title: title) }

  /// Returns the plot as a file of its own, with its title in it.
  public func file() -> String {
    drawing(.file(title: title)).file(title: title)
  }
}

/// The room that a plot has. A page holds two sizes of each plot, and its width decides which one is seen, so that text
/// is never scaled down.
public struct FigureSize: Sendable {
  public let width: Double
  let isNarrow: Bool
  /// The title above the plot; nil where the page has it.
  let title: String?

  public static let wide = FigureSize(width: 860, isNarrow: false, title: nil)
  public static let narrow = FigureSize(width: 348, isNarrow: true, title: nil)

  static func file(title: String) -> FigureSize { FigureSize(width: 860, isNarrow: false, title: title) }

  /// The size of text.
  var fontSize: Double { isNarrow ? 12 : 13 }
  /// The upper end of the plot, below the title.
  var top: Double { title == nil ? 6 : 34 }

  /// The height of plots that do not need one of their own.
  var height: Double { isNarrow ? 260 : 380 }

  /// Returns an estimate of a text's width, a little more than the usual sans-serif fonts take.
  func textWidth(_ text: String) -> Double {
    // These are as wide as the font is high.
    text.reduce(0) { $0 + ("…→".contains($1) ? 1 : 0.58) } * fontSize
  }

  func drawTitle(_ drawing: inout Drawing) {
    guard let title else { return }
    drawing.text(title, x: 12, y: 22, size: 15, style: "b")
  }

  /// Returns a text that fits in `width`: a longer one without its middle, because names of runs often differ at their
  /// ends.
  func fitting(_ text: String, width: Double) -> String {
    let count = max(1, Int(width / (fontSize * 0.58)))
    return text.count <= count ? text : "\(text.prefix(count / 2))…\(text.suffix((count - 1) / 2))"
  }
}
