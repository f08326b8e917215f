#if canImport(Glibc)
  import Glibc
#endif

/// Seconds of a clock that no one sets.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The median of an odd number of runs' seconds after one that is not counted.
func medianSeconds(runs: Int, _ body: () -> Void) -> Double {
  body()
  let times = (0..<runs).map { _ in
    let start = monotonicSeconds()
    body()
    return monotonicSeconds() - start
  }
  return median(times)
}

func median(_ values: [Double]) -> Double {
  precondition(!values.isEmpty, "the median of no values")
  return values.sorted()[values.count / 2]
}
