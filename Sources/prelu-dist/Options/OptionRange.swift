import ArgumentParser
import Configuration

/// The numbers that an option takes. Infinity and NaN are in no range.
enum OptionRange<Number: SignedNumeric & Comparable & Sendable>: Sendable {
  case atLeast(Number)
  case above(Number)
  case within(ClosedRange<Number>)

  func contains(_ number: Number) -> Bool {
    // Infinity less itself is NaN, and NaN equals nothing.
    guard number - number == 0 else { return false }
    return switch self {
    case .atLeast(let least): number >= least
    case .above(let bound): number > bound
    case .within(let range): range.contains(number)
    }
  }

  /// Returns the range in words, such as "1 or more", "more than 0 minutes" or "1 to 100".
  fileprivate func words(_ unit: String?) -> String {
    func text(_ number: Number) -> String { ([number.asTyped] + [unit].compactMap(\.self)).joined(separator: " ") }
    return switch self {
    case .atLeast(let least): "\(text(least)) or more"
    case .above(let bound): "more than \(text(bound))"
    case .within(let range): "\(range.lowerBound.asTyped) to \(text(range.upperBound))"
    }
  }
}

/// The largest number of repetitions of a measurement.
let mostRuns = 1_000_000

/// Refuses a number that an option does not take, such as "--quality takes 1 to 100, not 101."
///
/// - Parameters:
///   - flag: the option's name with its dashes.
///   - value: the number that was given; nil for none, which is never refused.
///   - unit: the unit of the number, where it has one.
func checkRange<Number: SignedNumeric & Comparable & Sendable>(
  _ flag: String, _ value: Number?, _ range: OptionRange<Number>, unit: String? = nil
) throws(ValidationError) {
  guard let value, !range.contains(value) else { return }
  throw ValidationError("\(flag) takes \(range.words(unit)), not \(value.asTyped).")
}

/// Refuses a number of leaves that a mini-batch cannot be divided into.
///
/// - Parameter leaves: the number that was given; nil for none, which is never refused.
func checkLeaves(_ leaves: Int?, batch: Int) throws(ValidationError) {
  guard let leaves, let problem = Configuration.Training.problem(ofLeaves: leaves, batch: batch) else { return }
  throw ValidationError("--leaves: \(problem).")
}

extension SignedNumeric {
  /// The number as a person types it: a whole one without ".0".
  var asTyped: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
