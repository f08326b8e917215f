/// An SVG picture in the making: shapes with the classes of ``Palette``, in pixels from the upper left corner.
struct Drawing {
  let width: Double
  var height: Double
  private var parts: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  enum Anchor: String { case start, middle, end }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double, anchor: Anchor = .start, style: String = "",
    turned: Bool = false
  ) {
    let turn = turned ? " transform=\"rotate(-90 \(c(x)) \(c(y)))\"" : ""
    let name = style.isEmpty ? "" : " class=\"\(style)\""
    parts.append(
      "<text x=\"\(c(x))\" y=\"\(c(y))\" font-size=\"\(c(size))\" text-anchor=\"\(anchor.rawValue)\"\(name)\(turn)>"
        + "\(escaped(text))</text>")
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String, dash: String = "") {
    parts.append(
      "<line x1=\"\(c(x1))\" y1=\"\(c(y1))\" x2=\"\(c(x2))\" y2=\"\(c(y2))\" class=\"\(style)\"\(dashes(dash))/>")
  }

  mutating func path(_ points: [(x: Double, y: Double)], style: String, dash: String = "", title: String? = nil) {
    guard let first = points.first else { return }
    // A line of one point would show nothing.
    if points.count == 1 {
      circle(first.x, first.y, 3, style: style.replacing("line", with: "area"), title: title)
      return
    }
    let text = points.map { "\(c($0.x)),\(c($0.y))" }.joined(separator: " ")
    parts.append("<polyline points=\"\(text)\" class=\"\(style)\"\(dashes(dash))\(closed("polyline", title))")
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, style: String, title: String? = nil
  ) {
    parts.append(
      "<rect x=\"\(c(x))\" y=\"\(c(y))\" width=\"\(c(max(0, width)))\" height=\"\(c(max(0, height)))\" "
        + "class=\"\(style)\"\(closed("rect", title))")
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, style: String, title: String? = nil) {
    parts.append(
      "<circle cx=\"\(c(x))\" cy=\"\(c(y))\" r=\"\(c(radius))\" class=\"\(style)\"\(closed("circle", title))")
  }

  /// Draws a ring around a point, which does not hide what it marks.
  mutating func ring(_ x: Double, _ y: Double, _ radius: Double, title: String) {
    parts.append(
      "<circle cx=\"\(c(x))\" cy=\"\(c(y))\" r=\"\(c(radius))\" class=\"ring\"\(closed("circle", title))")
  }

  /// Draws a diamond, which marks that something happened at a point.
  mutating func diamond(_ x: Double, _ y: Double, _ radius: Double, style: String, title: String? = nil) {
    let corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    let text = corners.map { "\(c($0.0)),\(c($0.1))" }.joined(separator: " ")
    parts.append("<polygon points=\"\(text)\" class=\"\(style)\"\(closed("polygon", title))")
  }

  mutating func picture(_ dataURI: String, x: Double, y: Double, width: Double, height: Double) {
    parts.append(
      "<image x=\"\(c(x))\" y=\"\(c(y))\" width=\"\(c(width))\" height=\"\(c(height))\" href=\"\(dataURI)\" "
        + "style=\"image-rendering:pixelated\"/>")
  }

  /// Returns the picture for a page that has ``Palette``'s rules.
  func svg(title: String) -> String {
    "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(c(width)) \(c(height))\" "
      + "width=\"\(c(width))\" height=\"\(c(height))\" role=\"img\" aria-label=\"\(escaped(title))\">\n"
      + parts.joined(separator: "\n") + "\n</svg>"
  }

  /// Returns the picture for a file of its own, with its own background.
  func file(title: String) -> String {
    let open = svg(title: title)
    let end = open.firstIndex(of: "\n") ?? open.endIndex
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + open[..<end]
      + "\n<title>\(escaped(title))</title>\n<style>\n\(Palette.css(root: "svg"))</style>\n"
      + "<rect width=\"100%\" height=\"100%\" class=\"bg\"/>" + open[end...] + "\n"
  }

  private func c(_ value: Double) -> String { Number.coordinate(value) }

  private func dashes(_ dash: String) -> String { dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"" }

  private func closed(_ name: String, _ title: String?) -> String {
    guard let title else { return "/>" }
    return "><title>\(escaped(title))</title></\(name)>"
  }
}

/// Returns a text as it stands between tags and in attributes.
func escaped(_ text: String) -> String {
  var result = ""
  for character in text.unicodeScalars {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    // XML knows no other control characters.
    case "\n", "\t", "\r": result.unicodeScalars.append(character)
    default: result.unicodeScalars.append(character.value < 0x20 ? "\u{FFFD}" : character)
    }
  }
  return result
}
