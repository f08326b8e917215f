import Glibc

/// Seconds since an arbitrary start, which changes of the clock do not move.
public func monotonicSeconds() -> Double { seconds(CLOCK_MONOTONIC) }

/// Nanoseconds since the same start as `monotonicSeconds`.
public func monotonicNanoseconds() -> Int { nanoseconds(CLOCK_MONOTONIC) }

/// Seconds since 1970 by the host's clock, which may be wrong and may be set at any time.
public func wallClockSeconds() -> Double { seconds(CLOCK_REALTIME) }

/// Seconds of processor time that all threads of this process have used.
public func processorSeconds() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

/// Seconds of processor time that the calling thread has used.
public func threadProcessorSeconds() -> Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

/// Nanoseconds of processor time that the calling thread has used.
public func threadProcessorNanoseconds() -> Int { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

private func seconds(_ clock: clockid_t) -> Double {
  let time = time(of: clock)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

private func nanoseconds(_ clock: clockid_t) -> Int {
  let time = time(of: clock)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

private func time(of clock: clockid_t) -> timespec {
  var time = timespec()
  // Linux has all of these clocks, and the memory is ours: there is no error that the call could return.
  clock_gettime(clock, &time)
  return time
}
