/// The colors of plots, light and dark, which color-blind people can tell apart too.
///
/// Series have about the hues of Okabe and Ito, darker on white and lighter on black. They were moved apart until any
/// two differ by 12 or more (CIEDE2000), also to people who lack one kind of cones. Each series has a pattern of
/// strokes too, so that a print in gray can be read. Ordered things, such as layers by depth, run along one ramp from
/// blue to yellow, as in cividis, which gets lighter to everybody's eyes.
enum Palette {
  static let seriesCount = 7
  static let rampCount = 12

  private static let light = ["#0049c5", "#c67428", "#00a887", "#b73568", "#815c02", "#232b28", "#2272f9"]
  private static let dark = ["#4d8cf2", "#f3b396", "#2cb052", "#fc6a9b", "#d3cb2d", "#b1bcc3", "#dbf3ff"]
  private static let dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 2"]

  /// The two ends and the middle of the ramp.
  private static let lightRamp: [(Double, Double, Double)] = [(16, 52, 110), (110, 110, 115), (190, 150, 20)]
  private static let darkRamp: [(Double, Double, Double)] = [(90, 150, 245), (165, 165, 170), (250, 222, 90)]

  /// Returns the style of a series: its class in `css`, and the pattern of its strokes.
  static func series(_ index: Int) -> (name: String, dash: String) {
    ("s\(index % seriesCount)", dashes[(index / seriesCount + index) % dashes.count])
  }

  /// Returns the class of the place `index` among `count` places along the ramp.
  static func ramp(_ index: Int, of count: Int) -> String {
    let place = count < 2 ? 0 : Double(index) / Double(count - 1) * Double(rampCount - 1)
    return "r\(Int(place.rounded()))"
  }

  /// Returns the rules of all classes that plots use, for a page or for a picture of its own.
  ///
  /// - Parameter root: the selector of the element that the colors are defined on.
  static func css(root: String) -> String {
    let lightColors = variables(
      light, lightRamp, background: "#ffffff", ink: "#1b1f24", faint: "#5b6470", grid: "#dfe3e8", good: "#0072b2",
      bad: "#c44f00")
    let darkColors = variables(
      dark, darkRamp, background: "#14171b", ink: "#e8eaed", faint: "#a3abb5", grid: "#333a42", good: "#56b4e9",
      bad: "#ff9e4f")
    var text = "\(root){\(lightColors)}\n@media(prefers-color-scheme:dark){\(root){\(darkColors)}}\n"
    text += """
      .plot text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
      .plot .m{fill:var(--faint)}.plot .b{font-weight:600}.plot .grid{stroke:var(--grid);stroke-width:1;fill:none}
      .plot .axis{stroke:var(--faint);stroke-width:1;fill:none}
      .plot .mark{stroke:var(--faint);stroke-width:1;stroke-dasharray:2 3;fill:none}
      .plot .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
      .plot .thin{stroke-width:1.1}.plot .bg{fill:var(--background)}
      .plot .good{fill:var(--good)}.plot .bad{fill:var(--bad)}.plot .none{fill:var(--faint)}
      .plot .soft{opacity:.45}.plot .part{stroke:var(--background);stroke-width:1}
      .plot .ring{stroke:var(--ink);stroke-width:1.2;fill:none}.plot .crisp{shape-rendering:crispEdges}

      """
    for index in 0..<seriesCount {
      text += ".plot .line.s\(index){stroke:var(--s\(index))}.plot .area.s\(index){fill:var(--s\(index))}\n"
    }
    for index in 0..<rampCount {
      text += ".plot .line.r\(index){stroke:var(--r\(index))}.plot .area.r\(index){fill:var(--r\(index))}\n"
    }
    return text
  }

  private static func variables(
    _ series: [String], _ ramp: [(Double, Double, Double)], background: String, ink: String, faint: String,
    grid: String, good: String, bad: String
  ) -> String {
    var text = "--background:\(background);--ink:\(ink);--faint:\(faint);--grid:\(grid);--good:\(good);--bad:\(bad);"
    for (index, color) in series.enumerated() { text += "--s\(index):\(color);" }
    for index in 0..<rampCount {
      let place = Double(index) / Double(rampCount - 1) * 2
      let (a, b, t) = place < 1 ? (ramp[0], ramp[1], place) : (ramp[1], ramp[2], place - 1)
      let mixed = [a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, a.2 + (b.2 - a.2) * t].map { Int($0.rounded()) }
      text += "--r\(index):rgb(\(mixed[0]),\(mixed[1]),\(mixed[2]));"
    }
    return text
  }
}
