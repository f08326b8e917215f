import Synchronization

/// The end of a process that gets no memory: nothing it could still do would not need some.
public enum MemoryFailure {
  private static let handler = Mutex<(@Sendable (_ bytes: Int, _ reason: String) -> Void)?>(nil)

  /// Has `body` say it to a person, and end the process in its own way.
  public static func whenItComes(_ body: @escaping @Sendable (_ bytes: Int, _ reason: String) -> Void) {
    handler.withLock { $0 = body }
  }

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
