import System

/// What ends a run early, with a checkpoint: a signal, or the time limit.
struct StopCondition {
  private let start = monotonicSeconds()
  /// Seconds from the start of this process; nil for no limit.
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

/// What ranks tell one another with a step, as ``StepOrder/flags``.
struct RunFlags: OptionSet {
  let rawValue: UInt32
  /// The rank wants to stop after the step.
  static let stop = RunFlags(rawValue: 1)
  /// Rank 0 wants a checkpoint after the step.
  static let save = RunFlags(rawValue: 2)
}
