import Glibc
import Synchronization
import System
import Testing

@Suite struct ConditionTests {
  /// Guarded by `changed`, which is why it may be shared.
  private final class Counter: @unchecked Sendable {
    let changed = Condition()
    var value = 0
  }

  @Test func oneThreadAtATimeHoldsTheLock() throws {
    let counter = Counter()
    let threads = try (0..<4).map { index in
      try WorkerThread(name: "count \(index)") {
        for _ in 0..<20_000 { counter.changed.withLock { counter.value += 1 } }
      }
    }
    for thread in threads { thread.join() }
    #expect(counter.value == 80_000)
  }

  @Test func whoWaitsIsWokenWhenThereIsSomething() throws {
    let counter = Counter()
    let told = Atomic(0)
    let thread = try WorkerThread(name: "wait") {
      counter.changed.withLock {
        counter.changed.wait { counter.value < 3 }
        told.store(counter.value, ordering: .relaxed)
      }
    }
    for _ in 0..<3 {
      usleep(5000)
      #expect(told.load(ordering: .relaxed) == 0)
      counter.changed.withLock {
        counter.value += 1
        counter.changed.broadcast()
      }
    }
    thread.join()
    #expect(told.load(ordering: .relaxed) == 3)
  }

  @Test func nobodyWaitsForWhatIsThere() {
    let condition = Condition()
    #expect(
      condition.withLock {
        condition.wait { false }
        return 7
      } == 7)
  }

  /// Two threads take turns, each with a condition of its own under one lock.
  @Test func twoConditionsOfOneLock() throws {
    let first = Condition()
    let second = Condition(lockOf: first)
    let turns = Mutex<[Int]>([])
    let isFirst = Atomic(true)
    let threads = try [(1, first, second, true), (2, second, first, false)].map { number, own, other, mine in
      try WorkerThread(name: "turn \(number)") {
        for _ in 0..<1000 {
          own.withLock {
            own.wait { isFirst.load(ordering: .relaxed) != mine }
            turns.withLock { $0.append(number) }
            isFirst.store(!mine, ordering: .relaxed)
            other.broadcast()
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(turns.withLock { $0 } == (0..<2000).map { 1 + $0 % 2 })
  }

  @Test func anErrorUnlocks() {
    struct Failure: Error {}
    let condition = Condition()
    #expect(throws: Failure.self) { try condition.withLock { () throws(Failure) in throw Failure() } }
    #expect(condition.withLock { true })
  }
}
