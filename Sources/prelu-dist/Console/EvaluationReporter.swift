import Evaluation
import System

/// Shows the progress of an evaluation: as one line on a terminal, elsewhere as an occasional line on standard error,
/// since standard output is for the results.
final class EvaluationReporter {
  private let quiet: Bool
  private let line: LiveLine
  private let started = monotonicSeconds()

  init(terminal: Terminal?, quiet: Bool) {
    self.quiet = quiet
    line = LiveLine(terminal, waits: true, elsewhere: Console.complain)
  }

  func show(_ progress: Evaluator.Progress) {
    guard !quiet, progress.share < 1 else { return }
    let left = progress.share > 0 ? progress.seconds * (1 - progress.share) / progress.share : .infinity
    // Training shows its progress as often.
    line.show(pauses: (terminal: 0.5, elsewhere: monotonicSeconds() - started < 600 ? 15 : 60)) { _ in
      String(
        format: "evaluated %.1f %% of %@  ETA %@", 100 * progress.share, progress.count.counted("image", grouped: true),
        clockText(left))
    }
  }

  func clear() { line.clear() }
}
