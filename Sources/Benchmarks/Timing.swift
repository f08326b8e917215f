import System

/// The median of an odd number of runs' seconds after one that is not counted.
func medianSeconds(runs: Int, _ body: () -> Void) -> Double {
  body()
  let times = (0..<runs).map { _ in
    let start = monotonicSeconds()
    body()
    return monotonicSeconds() - start
  }
  return times.median()
}
