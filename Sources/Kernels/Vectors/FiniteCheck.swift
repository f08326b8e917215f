/// Whether all values are finite: none is NaN, none infinite. The check runs at memory speed.
public func allFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
  // x·0 is 0 if x is finite and NaN otherwise, and a sum that has met a NaN stays one.
  var sums = (Vector.zero, Vector.zero)
  var index = 0
  while index &+ 2 &* blockWidth <= count {
    sums.0 += load(values + index) * 0
    sums.1 += load(values + (index &+ blockWidth)) * 0
    index &+= 2 &* blockWidth
  }
  var rest: Float = 0
  while index < count {
    rest += values[index] * 0
    index &+= 1
  }
  let sum = sums.0 + sums.1
  return rest == 0 && sum == .zero
}
