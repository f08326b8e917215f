import Communication
import Kernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Moves messages, adds gradients over the ranks and updates the parameters with the sums, on a thread of its own while the
/// caller computes.
///
/// MPI moves data only while somebody calls it, so the thread stays with each job until it is complete. Jobs are done one
/// after the other in the order in which they come, which for work must be the same on all ranks. From the first job
/// until `pause` or `finish` returns no other thread of the process may use the world.
///
/// Sendable: the queue is read and written under the mutex; the messages' requests, and what a job reads and writes, belong
/// to the thread from the job's start until `pause` or `finish`.
package final class CommunicationThread: @unchecked Sendable {
  private enum Job {
    case work(() throws(MPIError) -> Void)
    case messages([Request])
  }

  private let world: World
  /// MPI does not allow a second thread, or there is one rank: messages are waited for at once, work is done in `finish`.
  private let isAbsent: Bool

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [Job] = []
  private var open = 0
  private var ended = false
  private var failure: MPIError?
  private var thread: pthread_t?
  private let isPaused = Atomic(false)

  package init(world: World) {
    self.world = world
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

  /// Starts what needs the other ranks; all ranks start the same in the same order.
  package func start(_ work: @escaping () throws(MPIError) -> Void) { order(.work(work)) }

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

  /// Returns when all messages have arrived and all work is done.
  package func finish() throws {
    guard isAbsent else { return try awaitJobs() }
    for case .work(let work) in queue { try work() }
    (queue, open) = ([], 0)
  }

  private func order(_ job: Job) {
    pthread_mutex_lock(mutex)
    queue.append(job)
    open += 1
    world.isBesideComputation.store(!isAbsent, ordering: .relaxed)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  private func awaitJobs() throws {
    world.isBesideComputation.store(false, ordering: .relaxed)
    pthread_mutex_lock(mutex)
    while open > 0 { pthread_cond_wait(changed, mutex) }
    let failure = failure
    pthread_mutex_unlock(mutex)
    if let failure { throw failure }
  }

  private func run(_ job: Job) throws(MPIError) {
    switch job {
    case .work(let work): try work()
    case .messages(let requests):
      try world.wait(requests) { !isPaused.load(ordering: .acquiring) }
    }
  }

  private func serve() {
    takeShortTurns()
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
