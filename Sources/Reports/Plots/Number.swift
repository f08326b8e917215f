import Foundation

/// Writes numbers as a person reads them.
enum Number {
  /// Returns a number with `digits` digits after the point, and a true minus sign.
  static func fixed(_ value: Double, digits: Int) -> String {
    sign(String(format: "%.*f", digits, value))
  }

  /// Returns a number with at most five significant digits.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
    if value == value.rounded(), abs(value) < 1e7 { return sign(String(format: "%.0f", value)) }
    return sign(String(format: "%.5g", value))
  }

  /// 1234567 as "1,234,567".
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (number < 0 ? "−" : "") + String(text.reversed())
  }

  /// Seconds as "2 h 05 min", "3 min 20 s" or "12.5 s".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "unknown" }
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
  }

  /// Returns a coordinate with at most two digits after the point, which is finer than any screen.
  static func coordinate(_ value: Double) -> String {
    var text = String(format: "%.2f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }

  private static func sign(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}
