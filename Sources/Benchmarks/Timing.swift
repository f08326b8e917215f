import System

/// Returns the median of the seconds that runs of `body` take, after a first one that is not counted.
func medianSeconds(runs: Int, _ body: () -> Void) -> Double {
  body()
  let times = (0..<runs).map { _ in
    let start = monotonicSeconds()
    body()
    return monotonicSeconds() - start
  }
  return median(times)
}

/// Returns the middle one of the values in ascending order, the upper of two.
func median(_ values: [Double]) -> Double {
  precondition(!values.isEmpty, "the median of no values")
  return values.sorted()[values.count / 2]
}
