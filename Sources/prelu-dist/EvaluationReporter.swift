import Evaluation
import Foundation

/// Shows how far a test is: on a terminal one line, elsewhere a line a minute.
final class EvaluationReporter {
  private let quiet: Bool
  private let line: LiveLine

  init(terminal: Terminal?, quiet: Bool) {
    self.quiet = quiet
    line = LiveLine(terminal, waits: true)
  }

  func show(_ progress: Evaluation.Progress) {
    guard !quiet, progress.share < 1 else { return }
    let left = progress.share > 0 ? progress.seconds * (1 - progress.share) / progress.share : .infinity
    line.show(pauses: (terminal: 0.5, elsewhere: 60)) { _ in
      String(
        format: "evaluated %.1f %% of %@ images  ETA %@", 100 * progress.share, Console.grouped(progress.count),
        Console.duration(left))
    }
  }

  func clear() { line.clear() }
}
