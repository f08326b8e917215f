import Communication
import System

/// A comparison of a rank's clock with rank 0's, at one moment.
///
/// A message goes to rank 0 and back, some dozen times. Rank 0 reads its clock in between; the trip that took least
/// counts, because half of it bounds the error.
package struct ClockReading: Equatable, BitwiseCopyable {
  /// The moment by this rank's clock, in nanoseconds.
  package var own: Int
  /// The same moment by rank 0's clock.
  package var root: Int
  /// The largest possible error of `root`.
  package var error: Int

  package init(own: Int, root: Int, error: Int) {
    self.own = own
    self.root = root
    self.error = error
  }

  /// The difference of the clocks; 0 where the reading cannot tell them apart, as on one host, which has one clock.
  package var offset: Int { abs(root - own) <= error ? 0 : root - own }

  private static let trips = 50
  private static let tag = StepTrace.tag

  /// Compares the clocks of all ranks, one after the other. All ranks call it, with no message under way.
  ///
  /// - Parameter now: reads this rank's clock, in nanoseconds.
  package static func take(_ world: World, now: () -> Int = monotonicNanoseconds) throws -> ClockReading {
    let time = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    time.initialize(to: 0)
    defer { time.deallocate() }
    let bytes = UnsafeMutableRawBufferPointer(start: time, count: MemoryLayout<Int>.size)
    guard world.rank == 0 else {
      var best = ClockReading(own: 0, root: 0, error: .max)
      for _ in 0..<trips {
        let start = now()
        try world.wait([world.send(UnsafeRawBufferPointer(bytes), to: 0, tag: tag)])
        try world.wait([world.receive(bytes, from: 0, tag: tag)])
        let end = now()
        let error = (end - start).dividedUp(by: 2)
        if error < best.error { best = ClockReading(own: start + (end - start) / 2, root: time.pointee, error: error) }
      }
      return best
    }
    for rank in 1..<max(world.size, 1) {
      for _ in 0..<trips {
        try world.wait([world.receive(bytes, from: rank, tag: tag)])
        time.pointee = now()
        try world.wait([world.send(UnsafeRawBufferPointer(bytes), to: rank, tag: tag)])
      }
    }
    let moment = now()
    return ClockReading(own: moment, root: moment, error: 0)
  }
}

/// The way from a rank's clock to rank 0's, from two comparisons, before and after what is translated: between hosts
/// the clocks also run at rates that differ a little.
package struct ClockTranslation: Equatable {
  package let first: ClockReading
  package let last: ClockReading

  package init(first: ClockReading, last: ClockReading) {
    self.first = first
    self.last = last
  }

  /// The largest error of either comparison, in nanoseconds.
  package var error: Int { max(first.error, last.error) }

  /// Returns the nanoseconds of rank 0's clock.
  package func root(_ own: Int) -> Int {
    let length = last.own - first.own
    guard length > 0, last.offset != first.offset else { return own + first.offset }
    let share = Double(own - first.own) / Double(length)
    return own + first.offset + Int((Double(last.offset - first.offset) * share).rounded())
  }
}
