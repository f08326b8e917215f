import System

/// The condition that ends a run early, with a checkpoint: a signal, or the time limit.
struct StopCondition {
  private let start = monotonicSeconds()
  /// The limit in seconds from the start of this process; nil for none.
  let timeLimit: Double?

  init(timeLimit: Double?) {
    self.timeLimit = timeLimit
  }

  /// Whether this rank wants to stop.
  var isMet: Bool { StopSignals.isRequested || timeIsUp }

  private var timeIsUp: Bool { timeLimit.map { monotonicSeconds() - start >= $0 } ?? false }

  /// The reason for stopping, once the ranks have agreed on it.
  var reason: String {
    if let name = StopSignals.name { return "signal \(name)" }
    return timeIsUp ? "the time limit" : "a signal to another rank"
  }
}
