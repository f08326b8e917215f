import Glibc

/// A lock together with a condition that threads wait for under it.
///
/// The lock guards what its owner reads and writes inside `withLock`; `wait` and `broadcast` are called inside it as
/// well. Where threads wait for different things under one lock, each thing has a condition of its own, so that nobody
/// is woken for nothing: `Condition(lockOf:)`.
///
/// Sendable: the pointers never change, and the C library synchronizes what they point to.
public final class Condition: @unchecked Sendable {
  private let lock: Lock
  private let variable = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// A condition with a lock of its own.
  public convenience init() { self.init(Lock()) }

  /// Another condition under the lock of `other`.
  public convenience init(lockOf other: Condition) { self.init(other.lock) }

  private init(_ lock: Lock) {
    self.lock = lock
    pthread_cond_init(variable, nil)
  }

  deinit {
    pthread_cond_destroy(variable)
    variable.deallocate()
  }

  /// Runs `body` while no other thread holds the lock. Not to be called inside another `withLock` of the same lock.
  public func withLock<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(lock.mutex)
    defer { pthread_mutex_unlock(lock.mutex) }
    return try body()
  }

  /// Gives up the lock and sleeps until `isBlocked` is false, which is asked under the lock: first at once, then after
  /// each `broadcast`. Called inside `withLock`; the lock is held again on return.
  public func wait(while isBlocked: () -> Bool) {
    while isBlocked() { pthread_cond_wait(variable, lock.mutex) }
  }

  /// Wakes all that wait for this condition. Called inside `withLock`, after a change of what they wait for.
  public func broadcast() { pthread_cond_broadcast(variable) }

  private final class Lock {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
    }
  }
}
