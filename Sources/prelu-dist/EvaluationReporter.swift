import Communication
import Evaluation
import Foundation

/// Shows how far a test is: on a terminal one line, elsewhere a line a minute.
final class EvaluationReporter {
  private let quiet: Bool
  private let terminal: Terminal?
  private var lastLine = monotonicSeconds()
  private var lineIsOpen = false

  init(terminal: Terminal?, quiet: Bool) {
    self.terminal = terminal
    self.quiet = quiet
  }

  func show(_ progress: Evaluation.Progress) {
    let now = monotonicSeconds()
    guard !quiet, progress.share < 1, now - lastLine >= (terminal == nil ? 60 : 0.5) else { return }
    lastLine = now
    let left = progress.share > 0 ? progress.seconds * (1 - progress.share) / progress.share : .infinity
    let line = String(
      format: "evaluated %.1f %% of %@ images  ETA %@", 100 * progress.share, Console.grouped(progress.count),
      Console.duration(left))
    if let terminal {
      Console.write("\r\u{1B}[K\(line.prefix(terminal.width - 1))")
      lineIsOpen = true
    } else {
      Console.say(line)
    }
  }

  /// Takes the line away, so that what comes next stands in its place.
  func clear() {
    if lineIsOpen { Console.write("\r\u{1B}[K") }
    lineIsOpen = false
  }
}
