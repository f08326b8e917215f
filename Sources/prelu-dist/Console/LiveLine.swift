import System

/// A line that shows progress: on a terminal it is written over, elsewhere a new one is printed every so often.
final class LiveLine {
  private let terminal: Terminal?
  private var last: Double
  private var isOpen = false
  private let elsewhere: (String) -> Void

  /// - Parameters:
  ///   - terminal: nil where lines are not written over.
  ///   - waits: whether the first line, too, comes only after a pause.
  ///   - elsewhere: prints a line where there is no terminal.
  init(_ terminal: Terminal?, waits: Bool = false, elsewhere: @escaping (String) -> Void = Console.say) {
    self.terminal = terminal
    self.elsewhere = elsewhere
    last = waits ? monotonicSeconds() : -.infinity
  }

  /// Shows a line if a pause has passed since the last one.
  ///
  /// - Parameters:
  ///   - pauses: the seconds between lines on a terminal, and elsewhere.
  ///   - text: returns the line, in at most `width` characters where it is to be written over; `width` is nil
  ///     elsewhere.
  func show(pauses: (terminal: Double, elsewhere: Double), _ text: (_ width: Int?) -> String) {
    let now = monotonicSeconds()
    guard now - last >= (terminal == nil ? pauses.elsewhere : pauses.terminal) else { return }
    last = now
    guard let terminal else { return elsewhere(text(nil)) }
    // A line that fills the window to its last column would wrap on some terminals.
    let width = max(0, terminal.width - 1)
    Console.write("\r\u{1B}[K\(text(width).prefix(width))")
    isOpen = true
  }

  /// Removes the line, so that what comes next stands in its place.
  func clear() {
    if isOpen { Console.write("\r\u{1B}[K") }
    isOpen = false
  }
}
