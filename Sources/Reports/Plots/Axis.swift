import Glibc
import System

/// The places of values along one side of a plot, and the values that are named there.
public struct Axis: Equatable, Sendable {
  public enum Scale: Sendable { case linear, logarithmic }

  public let scale: Scale
  /// The value at the lower end.
  public let lower: Double
  /// The value at the upper end.
  public let upper: Double
  /// The values that are named, ascending.
  public let ticks: [Double]

  /// Makes an axis that holds all of `values`. Without values it runs from 0 to 1, or from 0.1 to 1 where it is
  /// logarithmic. On a logarithmic axis, which always ends at powers of ten, values of 0 and below have no place.
  ///
  /// - Parameters:
  ///   - count: about the number of round numbers that are named.
  ///   - wholeNumbers: whether only whole numbers are named.
  ///   - isRounded: whether a linear axis ends at round numbers.
  public init(
    _ scale: Scale, holding values: some Sequence<Double>, count: Int = 6, wholeNumbers: Bool = false,
    isRounded: Bool = false
  ) {
    self.scale = scale
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where Self.isShown(value) && (scale == .linear || value >= 1 / Self.largest) {
      (low, high) = (min(low, value), max(high, value))
    }
    switch scale {
    case .linear:
      if low > high { (low, high) = (0, 1) }
      let size = max(abs(low), abs(high))
      // Values that a Double hardly tells apart count as one.
      if high - low <= 1e-12 * size || size < 1 / Self.largest {
        let margin = size < 1 / Self.largest ? 1 : size * 0.1
        (low, high) = (low - margin, high + margin)
      }
      var step = Self.roundStep((high - low) / Double(max(count, 1)), wholeNumbers: wholeNumbers)
      // A single name would tell nothing of the scale.
      for more in [2, 4] where !isRounded && (high / step).rounded(.down) - (low / step).rounded(.up) < 1 {
        step = Self.roundStep((high - low) / Double(max(more * count, 1)), wholeNumbers: wholeNumbers)
      }
      if isRounded {
        low = (low / step + 1e-9).rounded(.down) * step
        high = (high / step - 1e-9).rounded(.up) * step
      }
      let (first, last) = ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
      ticks = first > last ? [] : (Int(first)...Int(last)).map { Double($0) * step }
      (lower, upper) = (low, high)
    case .logarithmic:
      if low > high { (low, high) = (0.1, 1) }
      var (first, last) = (Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
      if first == last { last += 1 }
      first = max(first, -323)
      let every = max(1, (last - first).dividedUp(by: max(count, 1)))
      ticks = stride(from: first, through: last, by: every).map { pow(10, Double($0)) }
      (lower, upper) = (pow(10, Double(first)), pow(10, Double(last)))
    }
  }

  /// Returns the place of a value, 0 at the lower end and 1 at the upper; nil for a value that has none.
  public func place(_ value: Double) -> Double? {
    guard Self.isShown(value) else { return nil }
    switch scale {
    case .linear: return (value - lower) / (upper - lower)
    case .logarithmic: return value > 0 ? log10(value / lower) / log10(upper / lower) : nil
    }
  }

  /// The largest value that is shown: beyond it, and below its inverse, steps and bounds would overflow or underflow.
  private static let largest = 1e150

  private static func isShown(_ value: Double) -> Bool { abs(value) <= largest }

  /// Returns 1, 2 or 5 times a power of ten, the least that is not below `step`.
  private static func roundStep(_ step: Double, wholeNumbers: Bool) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    let round = [1, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10
    return wholeNumbers ? max(1, (round * power).rounded()) : round * power
  }

  /// Returns the name of a tick.
  func label(_ value: Double) -> String {
    guard scale == .linear else { return Self.power(value) }
    let step = ticks.count > 1 ? ticks[1] - ticks[0] : abs(value)
    let digits = step > 0 ? max(0, Int(-(log10(step) + 1e-9).rounded(.down))) : 0
    return Number.fixed(value == 0 ? 0 : value, digits: min(digits, 12))
  }

  private static func power(_ value: Double) -> String {
    let exponent = Int(log10(value).rounded())
    if (-2...3).contains(exponent) { return Number.short(value) }
    let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    let raised = String(exponent.magnitude).compactMap(\.wholeNumberValue).map { digits[$0] }.joined()
    return "10" + (exponent < 0 ? "⁻" : "") + raised
  }
}
