/// ‖value − reference‖ / ‖magnitude‖, where `magnitude` is the sum of the absolute values of the terms that `reference`
/// sums: cancellation does not enlarge it. Infinite where a value is not finite or the lengths differ.
func scaledError(_ value: [Float], _ reference: [Double], _ magnitude: [Double]) -> Double {
  guard value.count == reference.count, value.count == magnitude.count, !value.isEmpty else { return .infinity }
  var difference = 0.0
  var norm = 0.0
  for index in value.indices {
    guard value[index].isFinite, reference[index].isFinite else { return .infinity }
    let error = Double(value[index]) - reference[index]
    difference += error * error
    norm += magnitude[index] * magnitude[index]
  }
  return norm == 0 ? (difference == 0 ? 0 : .infinity) : (difference / norm).squareRoot()
}

/// The bound on `scaledError` for a sum of any length in Float, of terms with random signs.
///
/// Rounding a partial sum errs by at most 2⁻²⁴ ≈ 6e-8 of it. Partial sums of n random terms grow like √n, so n errors
/// add up like n/√2 · 6e-8 of a term, and the magnitude is about n/1.6 terms: about 6e-8 for every n. One product
/// that is missing or wrong in a hundred thousand shows as more than 1e-6. Four times that, because a map of one output
/// has nothing to average over.
let roundingBound = 2.4e-7
