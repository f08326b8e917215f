import System

/// Returns the median of the seconds that runs of `body` take, after a first one that is not counted.
func medianSeconds(runs: Int, _ body: () -> Void) -> Double {
  body()
  let times = (0..<runs).map { _ in
    let start = monotonicSeconds()
    body()
    return monotonicSeconds() - start
  }
  return times.median()
}
