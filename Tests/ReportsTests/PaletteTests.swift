import Foundation
import Reports
import TestSupport
import Testing

/// Colors can be told apart, also by people who lack one kind of cones.
@Suite struct PaletteTests {
  private typealias Color = SIMD3<Double>

  /// The matrices, by rows, that take linear red, green and blue to what is seen without one kind of cones (Machado,
  /// Oliveira and Fernandes 2009, severity 1).
  private static let sights: [(name: String, matrix: [Color])] = [
    ("all cones", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (
      "protanopia",
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    (
      "deuteranopia",
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    (
      "tritanopia",
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
  ]

  private static func multiplied(_ matrix: [Color], _ color: Color) -> Color {
    Color(matrix.map { ($0 * color).sum() })
  }

  private static func linear(_ hex: Substring) throws -> Color {
    let number = try #require(Int(hex, radix: 16))
    return Color(
      [16, 8, 0].map { shift in
        let value = Double(number >> shift & 255) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
      })
  }

  private static func lab(_ linear: Color) -> Color {
    let xyz = multiplied(
      [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
      linear.clamped(lowerBound: .zero, upperBound: .one))
    let white: Color = [0.95047, 1, 1.08883]
    let f = (0..<3).map { axis in
      let part = xyz[axis] / white[axis]
      return part > 216 / 24389 ? cbrt(part) : (24389 / 27 * part + 16) / 116
    }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }

  /// CIEDE2000.
  private static func difference(_ a: Color, _ b: Color) -> Double {
    let radian = Double.pi / 180
    func seventh(_ c: Double) -> Double { (pow(c, 7) / (pow(c, 7) + pow(25, 7))).squareRoot() }
    let g = 1 + 0.5 * (1 - seventh((hypot(a[1], a[2]) + hypot(b[1], b[2])) / 2))
    func polar(_ color: Color) -> (c: Double, h: Double) {
      let h = atan2(color[2], g * color[1]) / radian
      return (hypot(g * color[1], color[2]), h < 0 ? h + 360 : h)
    }
    let (p, q) = (polar(a), polar(b))
    var turn = q.h - p.h
    if abs(turn) > 180 { turn += turn > 0 ? -360 : 360 }
    let hue = (p.h + q.h) / 2 + (abs(p.h - q.h) > 180 ? (p.h + q.h < 360 ? 180 : -180) : 0)
    let chroma = (p.c + q.c) / 2
    let light = (a[0] + b[0]) / 2 - 50
    let t =
      1 - 0.17 * cos((hue - 30) * radian) + 0.24 * cos(2 * hue * radian) + 0.32 * cos((3 * hue + 6) * radian)
      - 0.2 * cos((4 * hue - 63) * radian)
    let dl = (b[0] - a[0]) / (1 + 0.015 * light * light / (20 + light * light).squareRoot())
    let dc = (q.c - p.c) / (1 + 0.045 * chroma)
    let dh = 2 * (p.c * q.c).squareRoot() * sin(turn / 2 * radian) / (1 + 0.015 * chroma * t)
    let bend = exp(-pow((hue - 275) / 25, 2))
    return (dl * dl + dc * dc + dh * dh - sin(60 * bend * radian) * 2 * seventh(chroma) * dc * dh).squareRoot()
  }

  /// Pairs that the formula's authors published (Sharma, Wu and Dalal 2005).
  @Test func differencesAreThePublishedOnes() {
    let pairs: [(Color, Color, Double)] = [
      ([50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425), ([50, 2.5, 0], [73, 25, -18], 27.1492),
      ([50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195),
      ([6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377),
    ]
    for (a, b, expected) in pairs { #expect(abs(Self.difference(a, b) - expected) < 1e-4, "\(a), \(b)") }
  }

  @Test func anyTwoSeriesCanBeToldApart() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("\(ClassErrorsFile.header)\n0,x,9,3,1\n".utf8), to: "a.csv")
    let file = try #require(try Report(paths: [folder.file("a.csv")]).figures.first).file()
    let themes = try file.matches(of: /--background:#([0-9a-f]{6});([^}]*)/).map { theme in
      let series = theme.2.matches(of: /--s[0-9]:#([0-9a-f]{6})/).map(\.1)
      let verdicts = theme.2.matches(of: /--(?:good|bad):#([0-9a-f]{6})/).map(\.1)
      return try (ground: Self.linear(theme.1), colors: [series, verdicts].map { try $0.map(Self.linear) })
    }
    #expect(themes.map { $0.colors.map(\.count) } == [[7, 2], [7, 2]])
    let luminance: Color = [0.2126, 0.7152, 0.0722]
    for (theme, (ground, groups)) in zip(["light", "dark"], themes) {
      for colors in groups {
        for (sight, matrix) in Self.sights {
          let seen = colors.map { Self.lab(Self.multiplied(matrix, $0)) }
          for (i, one) in seen.enumerated() {
            for j in 0..<i {
              let difference = Self.difference(one, seen[j])
              #expect(difference >= 12, "\(theme), \(sight): colors \(j) and \(i) differ by \(difference)")
            }
          }
        }
        // As lines and marks need to be seen (WCAG 2.1, 1.4.11).
        for (i, color) in colors.enumerated() {
          let (a, b) = ((color * luminance).sum() + 0.05, (ground * luminance).sum() + 0.05)
          #expect(max(a, b) / min(a, b) >= 3, "\(theme): color \(i) on the ground")
        }
      }
    }
  }
}
