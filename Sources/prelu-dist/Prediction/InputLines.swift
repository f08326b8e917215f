import Glibc
import System

/// The lines that arrive from a file descriptor, and the pauses between them.
struct InputLines {
  enum Next {
    case line(String)
    case pause
    case end
  }

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  /// Whether the present pause, which lasts until the next bytes arrive, has been returned.
  private var isPausing = false
  private(set) var isAtEnd = false

  /// The milliseconds of silence that count as a pause. In a shorter one a program that writes name after name may
  /// still be at work.
  private static let silence: Int32 = 50

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Returns the next line without its line break, which the last one need not have. Where there is none yet, returns
  /// `pause` once and then waits.
  mutating func next() -> Next {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return .line(text(buffer[start..<end]))
      }
      buffer.removeFirst(start)
      start = 0
      if !isPausing, !isReady(Self.silence) {
        isPausing = true
        return .pause
      }
      // Once a second it looks for a signal that asks to stop.
      while !isReady(1000) {
        if StopSignals.isRequested { return end() }
      }
      isPausing = false
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return end() }
      buffer += chunk[..<count]
    }
  }

  private mutating func end() -> Next {
    isAtEnd = true
    defer { buffer = [] }
    return buffer.isEmpty ? .end : .line(text(buffer[...]))
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
  }

  private func isReady(_ milliseconds: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // The end of the input counts as ready. A call that a signal interrupted returns a negative number.
    return poll(&wanted, 1, milliseconds) > 0
  }
}
