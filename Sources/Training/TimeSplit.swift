#if canImport(Glibc)
  import Glibc
#endif

/// Seconds by what they were spent on, on one rank.
public struct TimeSplit: Equatable, Sendable {
  /// The tower, forward and backward, and its update.
  public var tower = 0.0
  /// The fully connected layers (rank 0).
  public var fullyConnected = 0.0
  /// Waiting for other ranks and moving data between them; on ranks other than 0 the wait for rank 0's fc too.
  public var communication = 0.0
  /// Loading and augmenting images.
  public var data = 0.0
  public var evaluation = 0.0
  public var checkpoint = 0.0

  public init() {}

  public var total: Double { tower + fullyConnected + communication + data + evaluation + checkpoint }

  /// Runs `body` and adds its time to `part`.
  mutating func measure<Result>(_ part: WritableKeyPath<TimeSplit, Double>, _ body: () throws -> Result) rethrows
    -> Result
  {
    let start = monotonicSeconds()
    defer { self[keyPath: part] += monotonicSeconds() - start }
    return try body()
  }
}

/// Seconds of a clock that no one sets.
public func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
