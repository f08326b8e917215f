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
