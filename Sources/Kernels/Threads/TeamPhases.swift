import Synchronization
import System

/// The state that the members of a team share: which pieces of the present phase are taken, and how many are done.
///
/// Every member has a part of each phase's pieces, and a counter that says for which phase how many of them are taken.
/// Whoever takes a piece, the member itself or another one, advances the counter; a counter of an earlier phase stands
/// for "none taken". So a member that has not come yet needs to prepare nothing.
///
/// It is sendable because the pointer never changes and everything that it points to is atomic.
final class TeamPhases: @unchecked Sendable {
  /// The place of a member in the sequence of all phases.
  struct Position {
    /// The number of phases begun.
    var phase = 0
    /// The number of the pieces of these phases.
    var pieces = 0
  }

  let members: Int
  private let taken: UnsafeMutablePointer<Counter>
  /// The number of pieces that are done, of all phases.
  private let done = Counter()
  private let sleep: SpinningWait

  /// A value with a pair of cache lines of its own, the unit that processors fetch.
  private struct Counter: ~Copyable {
    let value = Atomic<Int>(0)
    private let rest: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
    private let more: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)
  }

  init(members: Int, spins: Bool) {
    self.members = members
    taken = .allocate(capacity: members)
    for member in 0..<members { (taken + member).initialize(to: Counter()) }
    sleep = SpinningWait(spins: spins)
  }

  deinit {
    taken.deinitialize(count: members)
    taken.deallocate()
  }

  /// The bits of a counter that hold the number of pieces taken; the phase is in those above.
  private static var pieceBits: Int { 24 }
  /// The largest number of a phase's pieces.
  static var mostPieces: Int { 1 << pieceBits - 1 }

  /// Takes pieces of a phase until none is left. Returns how many this member has done.
  func work(_ phase: Int, pieces: Int, from first: Int, _ body: (Int) -> Void) -> Int {
    precondition(pieces <= Self.mostPieces, "\(pieces) pieces, of \(Self.mostPieces) at most")
    var finished = 0
    for distance in 0..<members {
      let member = first + distance < members ? first + distance : first + distance - members
      let (start, end) = (pieces * member / members, pieces * (member + 1) / members)
      while let number = take(phase, of: member, end - start) {
        body(start + number)
        finished += 1
      }
    }
    guard finished > 0 else { return 0 }
    // Pieces may have written past the caches.
    finishStreaming()
    done.value.wrappingAdd(finished, ordering: .sequentiallyConsistent)
    sleep.wake()
    return finished
  }

  /// Takes the next of a member's `count` pieces of a phase; returns nil if all are taken.
  private func take(_ phase: Int, of member: Int, _ count: Int) -> Int? {
    let counter = taken + member
    var seen = counter.pointee.value.load(ordering: .relaxed)
    while true {
      let isOfPhase = seen >> Self.pieceBits == phase
      // A member begins a later phase only when all pieces of this one are taken.
      guard isOfPhase || seen >> Self.pieceBits < phase else { return nil }
      let number = isOfPhase ? seen & Self.mostPieces : 0
      guard number < count else { return nil }
      let (isOurs, now) = counter.pointee.value.compareExchange(
        expected: seen, desired: phase << Self.pieceBits | (number + 1), ordering: .acquiringAndReleasing)
      if isOurs { return number }
      seen = now
    }
  }

  func wait(until pieces: Int) {
    guard done.value.load(ordering: .sequentiallyConsistent) < pieces else { return }
    Trace.span("wait", .wait) {
      sleep.wait { done.value.load(ordering: .sequentiallyConsistent) < pieces }
    }
  }
}
