import Communication
import Kernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Adds gradients over the ranks on a thread of its own while the caller computes the next ones.
///
/// MPI moves data only while somebody calls it, so the thread stays with each sum until it is complete. Parts are summed
/// one after the other in the order in which they come, which must be the same on all ranks. Between `begin` and
/// `finish` no other thread of the process may use the world.
///
/// Sendable: the queue is read and written under the mutex, and the parts of the gradient belong to the thread from
/// `add` until `finish`.
final class GradientReduction: @unchecked Sendable {
  private let world: World
  private let scratch: FloatBuffer
  private let gradient: FloatBuffer
  /// Whether sums are made in `finish`, because MPI does not allow a second thread or there is one rank.
  private let waits: Bool

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [Range<Int>] = []
  private var open = 0
  private var ended = false
  private var failure: MPIError?
  private var thread: pthread_t?

  /// - Parameters:
  ///   - gradient: what the ranges of `add` count from.
  ///   - scratch: as `World.allreduceTree` needs it for the longest part.
  init(world: World, gradient: FloatBuffer, scratch: FloatBuffer) {
    self.world = world
    self.gradient = gradient
    self.scratch = scratch
    waits = !world.allowsHelperThread || world.size == 1
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    guard !waits else { return }
    // A signal must reach the main thread, which polls for it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<GradientReduction>.fromOpaque(argument!).takeUnretainedValue().serve()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    precondition(code == 0, "the thread that adds gradients cannot start: \(String(cString: strerror(code)))")
    self.thread = thread
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  deinit {
    pthread_mutex_lock(mutex)
    ended = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    if let thread { pthread_join(thread, nil) }
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Starts to sum a part over the ranks; all ranks add the same parts in the same order.
  func add(_ part: Range<Int>) {
    guard world.size > 1, !part.isEmpty else { return }
    pthread_mutex_lock(mutex)
    queue.append(part)
    open += 1
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  /// Returns when all parts are summed.
  func finish() throws {
    if waits {
      for part in queue { try sum(part, beside: false) }
      queue = []
      return
    }
    pthread_mutex_lock(mutex)
    while open > 0 { pthread_cond_wait(changed, mutex) }
    let failure = failure
    pthread_mutex_unlock(mutex)
    if let failure { throw failure }
  }

  private func sum(_ part: Range<Int>, beside: Bool) throws(MPIError) {
    try world.allreduceTree(
      UnsafeMutableBufferPointer(rebasing: gradient.values[part]), scratch: scratch.values,
      beside: beside)
  }

  private func serve() {
    pthread_mutex_lock(mutex)
    while true {
      while queue.isEmpty && !ended { pthread_cond_wait(changed, mutex) }
      guard !ended else { break }
      let part = queue.removeFirst()
      let isBroken = failure != nil
      pthread_mutex_unlock(mutex)
      var thrown: MPIError?
      if !isBroken {
        do { try sum(part, beside: true) } catch { thrown = error }
      }
      pthread_mutex_lock(mutex)
      if let thrown { failure = thrown }
      open -= 1
      if open == 0 { pthread_cond_broadcast(changed) }
    }
    pthread_mutex_unlock(mutex)
  }
}
