import Synchronization

/// The first error that any of several threads met, kept for the thread that started them.
public final class FirstFailure: Sendable {
  private let error = Mutex<DataError?>(nil)

  public init() {}

  /// Runs `body` and keeps its error, unless there is one already. Returns whether it succeeded.
  @discardableResult
  public func attempt(_ body: () throws(DataError) -> Void) -> Bool {
    do throws(DataError) {
      try body()
      return true
    } catch {
      let error = error
      self.error.withLock { $0 = $0 ?? error }
      return false
    }
  }

  public var isThere: Bool { error.withLock { $0 != nil } }

  /// Throws the error that was kept.
  public func check() throws(DataError) {
    if let error = error.withLock({ $0 }) { throw error }
  }
}
