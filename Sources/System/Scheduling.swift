import CLinux

/// Has the system hand the calling thread its core soon after it wakes, although another thread computes there.
///
/// Since Linux 6.6 a thread that wakes may have to wait for the end of another's turn, 3 ms or so, although it has
/// slept and wants the core for a moment only. Since 6.12 that can be changed; elsewhere this does nothing.
public func takeShortTurns() {
  _ = linux_set_turn(shortestTurn)
}

/// The least that Linux takes for a turn, in nanoseconds.
private let shortestTurn: UInt = 100_000

/// Lets the calling thread, and those that it starts later, wake from a sleep at most this many nanoseconds late. The
/// system's own precision, 50 µs, is coarser than the shortest sleeps between two looks at a message.
public func limitTimerSlack(nanoseconds: UInt) {
  _ = linux_set_timer_slack(nanoseconds)
}
