import Glibc
import Synchronization

/// The end of a process that gets no memory: nothing it could still do would not need some.
public enum MemoryFailure {
  private static let handler = Mutex<(@Sendable (_ bytes: Int, _ reason: String) -> Void)?>(nil)

  /// Has `body` say it to a person, and end the process in its own way.
  public static func whenItComes(_ body: @escaping @Sendable (_ bytes: Int, _ reason: String) -> Void) {
    handler.withLock { $0 = body }
  }

  /// Ends the process where the system would not give so many bytes: Swift's own arrays end it without a word for a
  /// person.
  package static func checkRoom(bytes: Int) {
    guard bytes >= leastChecked else { return }
    guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    else { end(bytes: bytes, reason: String(cString: strerror(errno))) }
    munmap(memory, bytes)
  }

  /// The least number of bytes that is worth a question to the system.
  private static let leastChecked = 1 << 28

  /// Ends the process.
  ///
  /// - Parameters:
  ///   - bytes: the number of bytes that were asked for.
  ///   - reason: the system's words.
  package static func end(bytes: Int, reason: String) -> Never {
    handler.withLock { $0 }?(bytes, reason)
    fatalError("no memory for \(bytes) bytes: \(reason)")
  }
}
