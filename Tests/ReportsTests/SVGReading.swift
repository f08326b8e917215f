import Foundation
import Testing

/// A plot read back: its ticks, and its shapes in pixels.
struct SVGReading {
  /// The place on an axis where a number is named.
  typealias Tick = (place: Double, value: Double)

  struct Line {
    let name: String
    let points: [(x: Double, y: Double)]
  }

  struct Rectangle {
    let title: String
    let style: String
    let x: Double
    let y: Double
    let width: Double
    let height: Double
  }

  struct Circle {
    let title: String
    let x: Double
    let y: Double
  }

  struct Picture {
    let width: Double
    let height: Double
    let dataURI: String
  }

  /// One plot among several in a drawing: what follows a heading.
  struct Tile {
    let heading: String
    var counts: [Tick] = []
    var xTicks: [Tick] = []
    var bars: [Rectangle] = []
  }

  private(set) var xTicks: [Tick] = []
  private(set) var yTicks: [Tick] = []
  /// Places of names on the x axis, in order.
  private(set) var names: [(place: Double, name: String)] = []
  private(set) var lines: [Line] = []
  /// Straight strokes of data: both ends.
  private(set) var strokes: [(x1: Double, y1: Double, x2: Double, y2: Double)] = []
  /// The bars of data, not those of legends.
  private(set) var bars: [Rectangle] = []
  private(set) var circles: [Circle] = []
  private(set) var pictures: [Picture] = []
  private(set) var tiles: [Tile] = []
  /// Numbers that no axis has.
  private(set) var numbers: [Double] = []

  init(_ svg: String) throws {
    for element in try XMLReading(svg).elements {
      let style = element.attributes["class"] ?? ""
      switch element.name {
      case "text": try read(text: element, style)
      case "polyline":
        let points = try #require(element.attributes["points"]).split(separator: " ").map { pair in
          let parts = pair.split(separator: ",").compactMap { Double($0) }
          return (parts[0], parts[1])
        }
        lines.append(Line(name: element.title, points: points))
      case "line" where style.hasPrefix("line thin"):
        strokes.append(
          (try element.number("x1"), try element.number("y1"), try element.number("x2"), try element.number("y2")))
      case "rect" where style.hasPrefix("area"):
        let one = Rectangle(
          title: element.title, style: style, x: try element.number("x"), y: try element.number("y"),
          width: try element.number("width"), height: try element.number("height"))
        // A legend's patches are 22 pixels wide and have no title.
        guard !one.title.isEmpty || one.width != 22 else { continue }
        if !tiles.isEmpty { tiles[tiles.count - 1].bars.append(one) }
        bars.append(one)
      case "circle":
        circles.append(Circle(title: element.title, x: try element.number("cx"), y: try element.number("cy")))
      case "image":
        pictures.append(
          Picture(
            width: try element.number("width"), height: try element.number("height"),
            dataURI: try #require(element.attributes["href"])))
      default: break
      }
    }
  }

  private mutating func read(text element: XMLReading.Element, _ style: String) throws {
    let (x, y, size) = (try element.number("x"), try element.number("y"), try element.number("font-size"))
    let value = Self.number(element.text)
    if style.contains("xtick") {
      // A turned name stands beside its place by a part of its height.
      names.append((element.attributes["transform"] == nil ? x : x - 0.35 * size, element.text))
      guard let value else { return }
      xTicks.append((x, value))
      if !tiles.isEmpty { tiles[tiles.count - 1].xTicks.append((x, value)) }
    } else if style.contains("ytick") || style.contains("count") {
      // The name stands with its middle at the line.
      guard let value else { return }
      yTicks.append((y - 0.35 * size, value))
      if !tiles.isEmpty { tiles[tiles.count - 1].counts.append((y - 0.35 * size, value)) }
    } else if style == "b" {
      tiles.append(Tile(heading: element.text))
    } else if let value {
      numbers.append(value)
    }
  }

  func line(_ name: String) -> Line? { lines.first { $0.name == name } }

  /// The value at a place, by the outermost named ticks; `isPower`: of a logarithmic axis.
  static func value(_ place: Double, _ ticks: [Tick], isPower: Bool = false) throws -> Double {
    let (a, b) = (try #require(ticks.first), try #require(ticks.last))
    let part = (place - a.place) / (b.place - a.place)
    return isPower ? a.value * pow(b.value / a.value, part) : a.value + part * (b.value - a.value)
  }

  /// Reads a number as plots write it: with a true minus sign, and powers of ten with raised digits.
  private static func number(_ text: String) -> Double? {
    if text.hasPrefix("10"), let sign = text.dropFirst(2).first, "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(sign) {
      let raised: [Character: Character] = [
        "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8", "⁹": "9", "⁻": "-",
      ]
      return Double(String(text.dropFirst(2).map { raised[$0] ?? " " })).map { pow(10, $0) }
    }
    return Double(text.replacing("−", with: "-"))
  }
}

/// The elements of an XML text, flat. Fails where it is not well-formed.
struct XMLReading {
  final class Element {
    let name: String
    let attributes: [String: String]
    var text = ""
    var title = ""

    init(_ name: String, _ attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    func number(_ name: String) throws -> Double { try #require(attributes[name].flatMap(Double.init)) }
  }

  private(set) var elements: [Element] = []

  /// Reads the part of XML that plots write: tags with quoted attributes, text, and five entities.
  init(_ text: String) throws {
    var open: [Element] = []
    var rest = Substring(text)
    if rest.hasPrefix("<?xml") { rest = rest[try #require(rest.firstIndex(of: ">"))...].dropFirst() }
    while let start = rest.firstIndex(of: "<") {
      open.last?.text += Self.plain(rest[..<start])
      let end = try #require(rest[start...].firstIndex(of: ">"))
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        let element = try #require(open.last)
        open.removeLast()
        try #require(element.name == tag.dropFirst(), "</\(tag.dropFirst())> ends <\(element.name)>")
        if element.name == "title" { open.last?.title = element.text }
        continue
      }
      let body = tag.hasSuffix("/") ? tag.dropLast() : tag
      let name = String(body.prefix { !$0.isWhitespace })
      var attributes: [String: String] = [:]
      for match in body.matches(of: /([-:a-zA-Z0-9]+)="([^"<]*)"/) {
        attributes[String(match.1)] = Self.plain(match.2)
      }
      let element = Element(name, attributes)
      elements.append(element)
      if !tag.hasSuffix("/") { open.append(element) }
    }
    try #require(open.isEmpty, "\(open.map(\.name)) are not closed")
  }

  private static func plain(_ text: Substring) -> String {
    String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&amp;", with: "&")
  }
}
