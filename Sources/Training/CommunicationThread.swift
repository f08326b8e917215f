import Communication
import Kernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Moves messages and adds gradients over the ranks on a thread of its own while the caller computes.
///
/// MPI moves data only while somebody calls it, so the thread stays with each job until it is complete. Jobs are done one
/// after the other in the order in which they come; sums must come in the same order on all ranks. From the first job
/// until `pause` or `finish` returns no other thread of the process may use the world.
///
/// Sendable: the queue is read and written under the mutex; the messages' requests and the parts of the gradient belong
/// to the thread from the job's start until `pause` or `finish`.
final class CommunicationThread: @unchecked Sendable {
  private enum Job {
    case sum(Range<Int>)
    case messages([Request])
  }

  private let world: World
  private let scratch: FloatBuffer
  private let gradient: FloatBuffer
  /// MPI does not allow a second thread, or there is one rank: messages are waited for at once, sums made in `finish`.
  private let isAbsent: Bool

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [Job] = []
  private var open = 0
  private var ended = false
  private var failure: MPIError?
  private var thread: pthread_t?
  private let isPaused = Atomic(false)

  /// - Parameters:
  ///   - gradient: what the ranges of `add` count from.
  ///   - scratch: as `World.allreduceTree` needs it for the longest part.
  init(world: World, gradient: FloatBuffer, scratch: FloatBuffer) {
    self.world = world
    self.gradient = gradient
    self.scratch = scratch
    isAbsent = !world.allowsHelperThread || world.size == 1
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    guard !isAbsent else { return }
    // A signal must reach the main thread, which polls for it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<CommunicationThread>.fromOpaque(argument!).takeUnretainedValue().serve()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    precondition(code == 0, "the thread that moves messages cannot start: \(String(cString: strerror(code)))")
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

  /// Starts to sum a part of the gradient over the ranks; all ranks add the same parts in the same order.
  func add(_ part: Range<Int>) {
    guard world.size > 1, !part.isEmpty else { return }
    order(.sum(part))
  }

  /// Keeps messages that are under way moving until they have arrived.
  func move(_ messages: [Request]) throws {
    guard !messages.isEmpty else { return }
    if isAbsent { return try world.wait(messages) }
    order(.messages(messages))
  }

  /// Returns when the thread leaves the world alone; messages that are still under way are left to a later `move`.
  func pause() throws {
    guard !isAbsent else { return }
    isPaused.store(true, ordering: .releasing)
    defer { isPaused.store(false, ordering: .releasing) }
    try awaitJobs()
  }

  /// Returns when all messages have arrived and all parts are summed.
  func finish() throws {
    guard isAbsent else { return try awaitJobs() }
    for case .sum(let part) in queue { try sum(part, beside: false) }
    queue = []
  }

  private func order(_ job: Job) {
    pthread_mutex_lock(mutex)
    queue.append(job)
    open += 1
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  private func awaitJobs() throws {
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

  private func run(_ job: Job) throws(MPIError) {
    switch job {
    case .sum(let part): try sum(part, beside: true)
    case .messages(let requests):
      try world.wait(requests, beside: true) { !isPaused.load(ordering: .acquiring) }
    }
  }

  private func serve() {
    pthread_mutex_lock(mutex)
    while true {
      while queue.isEmpty && !ended { pthread_cond_wait(changed, mutex) }
      guard !ended else { break }
      let job = queue.removeFirst()
      let isBroken = failure != nil
      pthread_mutex_unlock(mutex)
      var thrown: MPIError?
      if !isBroken {
        do { try run(job) } catch { thrown = error }
      }
      pthread_mutex_lock(mutex)
      if let thrown { failure = thrown }
      open -= 1
      if open == 0 { pthread_cond_broadcast(changed) }
    }
    pthread_mutex_unlock(mutex)
  }
}
