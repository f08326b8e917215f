import Glibc

/// The relative L2 error ‖value − reference‖ / ‖reference‖, summed in Double. Not finite where either is not, and
/// where the lengths differ, so that a comparison with a bound fails.
public func relativeError(_ value: [Float], _ reference: [Float]) -> Double {
  relativeError(value.map(Double.init), reference.map(Double.init))
}

public func relativeError(_ value: [Double], _ reference: [Double]) -> Double {
  guard value.count == reference.count, !value.isEmpty else { return .infinity }
  var difference = 0.0
  var norm = 0.0
  for (a, b) in zip(value, reference) {
    guard a.isFinite, b.isFinite else { return .infinity }
    difference += (a - b) * (a - b)
    norm += b * b
  }
  return norm == 0 ? (difference == 0 ? 0 : .infinity) : (difference / norm).squareRoot()
}
