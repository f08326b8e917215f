import Glibc
import System

/// Watches over MPI's start in this process: what hangs there waits inside MPI, where no other watch looks.
///
/// It looks from a thread of its own, from the beginning until `end`.
public final class StartWatch {
  /// A start that takes too long.
  public struct Stall: Sendable {
    /// The seconds since the beginning.
    public let seconds: Double
    /// Whether the limit is reached, so that the process should end.
    public let isFinal: Bool
  }

  /// A pipe that a byte is written to at the end: the watching thread sleeps until then. To close it would not do: MPI
  /// starts a process of its own that may have inherited it.
  private let wake: (read: CInt, write: CInt)
  private let thread: WorkerThread

  /// Starts to watch; nil where the system has no pipe or no thread for it.
  ///
  /// - Parameters:
  ///   - grace: the seconds by which this process stays silent after the limits, so that another one speaks for all.
  ///   - report: tells of a start that takes too long, on another thread; where the stall is final it should end the
  ///     process.
  public init?(_ limits: StallLimits, grace: Double, report: @escaping @Sendable (Stall) -> Void) {
    var ends: [CInt] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    let (read, write) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let thread = try? WorkerThread(name: "start watch") {
      let start = monotonicSeconds()
      func isOver(after seconds: Double) -> Bool { Self.isReadable(read, until: start + seconds) }
      // Only one process warns; all end.
      if grace == 0 {
        guard !isOver(after: limits.warning) else { return }
        report(Stall(seconds: monotonicSeconds() - start, isFinal: false))
      }
      guard var limit = limits.limit.map({ $0 + grace }) else { return }
      while !isOver(after: limit) {
        // A debugger is a good reason for the wait.
        guard isTraced() else { return report(Stall(seconds: monotonicSeconds() - start, isFinal: true)) }
        limit += 1
      }
    }
    guard let thread else {
      close(read)
      close(write)
      return nil
    }
    (wake, self.thread) = ((read, write), thread)
  }

  /// Ends the watch.
  public func end() {
    // A pipe has room for a byte.
    _ = write(wake.write, [0], 1)
    thread.join()
    close(wake.write)
    close(wake.read)
  }

  /// Waits until there is something to read from a pipe, or until a time. Returns whether there is.
  private static func isReadable(_ pipe: CInt, until end: Double) -> Bool {
    while true {
      let left = end - monotonicSeconds()
      var awaited = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      if poll(&awaited, 1, CInt(max(0, min(left * 1000, 1e6)).rounded(.up))) > 0 { return true }
      if left <= 0 { return false }
    }
  }
}
