import Communication
import Synchronization
import System

/// Moves messages, adds gradients over the ranks and updates the parameters with the sums, on a thread of its own while
/// the caller computes.
///
/// MPI moves data only while somebody calls it, so the thread stays with each job until it is complete. Jobs are done
/// one after the other in the order in which they come, which for work must be the same on all ranks. From the first
/// job until `pause` or `finish` returns, no other thread of the process may use the world.
package final class CommunicationThread {
  private let world: World
  private let jobs: Jobs
  /// The thread; nil where MPI does not allow a second one, or there is one rank: messages are then waited for at once,
  /// and work is done in `finish`.
  private let thread: WorkerThread?

  package init(world: World) {
    self.world = world
    let jobs = Jobs(world)
    self.jobs = jobs
    guard world.allowsHelperThread, world.size > 1 else {
      thread = nil
      return
    }
    // Where the system starts no thread, this rank does its part of the same work when the step waits for it.
    thread = try? WorkerThread(name: "messages") { jobs.serve() }
  }

  deinit {
    jobs.end()
    thread?.join()
  }

  /// Starts work that needs the other ranks; all ranks start the same work in the same order.
  package func start(_ work: @escaping () throws(MPIError) -> Void) { order(.work(work)) }

  /// Keeps messages that are under way moving until they have arrived.
  func move(_ messages: [Request]) throws {
    guard !messages.isEmpty else { return }
    if thread == nil { return try world.wait(messages) }
    order(.messages(messages))
  }

  /// Returns when the thread leaves the world alone; messages that are still under way are left to a later `move`.
  func pause() throws {
    guard thread != nil else { return }
    jobs.isPaused.store(true, ordering: .releasing)
    defer { jobs.isPaused.store(false, ordering: .releasing) }
    try awaitJobs()
  }

  /// Returns when all messages have arrived and all work is done.
  package func finish() throws {
    guard thread == nil else { return try awaitJobs() }
    try jobs.runInPlace()
  }

  private func order(_ job: Jobs.Job) {
    world.isBesideComputation.store(thread != nil, ordering: .relaxed)
    jobs.append(job)
  }

  private func awaitJobs() throws {
    world.isBesideComputation.store(false, ordering: .relaxed)
    try jobs.awaitAll()
  }
}

/// The jobs, in their order, which the caller and the thread share.
///
/// Sendable: the queue is read and written under the lock; the world, the messages' requests, and what a job reads and
/// writes, belong to the thread from the job's start until `awaitAll` returns.
private final class Jobs: @unchecked Sendable {
  enum Job {
    case work(() throws(MPIError) -> Void)
    case messages([Request])
  }

  private let world: World
  private let changed = Condition()
  private var queue: [Job] = []
  private var open = 0
  private var ended = false
  private var failure: MPIError?
  let isPaused = Atomic(false)

  init(_ world: World) { self.world = world }

  func append(_ job: Job) {
    changed.withLock {
      queue.append(job)
      open += 1
      changed.broadcast()
    }
  }

  func end() {
    changed.withLock {
      ended = true
      changed.broadcast()
    }
  }

  func awaitAll() throws(MPIError) {
    let failure = changed.withLock {
      changed.wait { open > 0 }
      return self.failure
    }
    if let failure { throw failure }
  }

  /// Does all jobs on the calling thread, where there is no other.
  func runInPlace() throws(MPIError) {
    while let job = changed.withLock({ queue.isEmpty ? nil : queue.removeFirst() }) {
      try run(job)
      changed.withLock { open -= 1 }
    }
  }

  /// Does jobs as they come, until the end.
  func serve() {
    takeShortTurns()
    while let outcome = runNext() {
      changed.withLock {
        if case .failure(let error) = outcome { failure = error }
        open -= 1
        if open == 0 { changed.broadcast() }
      }
    }
  }

  /// Waits for a job, and does it unless one before it has failed; returns nil at the end. The job is released before
  /// anybody hears that it is done, so that nothing that it holds is deallocated on this thread.
  private func runNext() -> Result<Void, MPIError>? {
    let next = changed.withLock { () -> (job: Job, isBroken: Bool)? in
      changed.wait { queue.isEmpty && !ended }
      return ended ? nil : (queue.removeFirst(), failure != nil)
    }
    guard let (job, isBroken) = next else { return nil }
    return isBroken ? .success(()) : Result { () throws(MPIError) in try run(job) }
  }

  private func run(_ job: Job) throws(MPIError) {
    switch job {
    case .work(let work): try work()
    case .messages(let requests):
      try Trace.span("messages", .communication) { () throws(MPIError) in
        try world.wait(requests) { !isPaused.load(ordering: .acquiring) }
      }
    }
  }
}
