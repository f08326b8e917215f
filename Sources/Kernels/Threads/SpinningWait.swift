import CProcessor
import Synchronization
import System

/// A wait for a change of an atomic value: first with a look at it every few nanoseconds, then asleep.
///
/// Phases of a pass end within microseconds of one another, less than the system needs to wake a thread. Where threads
/// outnumber cores, a look takes the core from the thread that one waits for; there a thread sleeps at once.
final class SpinningWait: Sendable {
  private let condition = Condition()
  private let sleepers = Atomic<Int>(0)
  private let looks: Int

  /// The number of looks in about 200 µs: a look takes 40 to 140 cycles, as processors pause. A virtual machine's core
  /// takes half of that time to wake.
  private static let mostLooks = 6000

  init(spins: Bool) { looks = spins ? Self.mostLooks : 0 }

  /// Returns when `isBlocked` is false. It reads its values with sequentially consistent ordering.
  @inline(__always)
  func wait(while isBlocked: () -> Bool) {
    guard isBlocked() else { return }
    var look = 0
    while look < looks {
      processor_pause()
      guard isBlocked() else { return }
      look &+= 1
    }
    condition.withLock {
      // Whoever changes the value looks for sleepers afterwards. Both accesses are sequentially consistent, so that
      // either this thread sees the change or the other one sees this thread.
      sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
      condition.wait(while: isBlocked)
      sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }
  }

  /// Wakes those that sleep, after a change with sequentially consistent ordering.
  @inline(__always)
  func wake() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    condition.withLock { condition.broadcast() }
  }
}
