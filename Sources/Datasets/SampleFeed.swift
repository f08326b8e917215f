import Images
import Kernels

#if canImport(Glibc)
  import Glibc
#endif

/// Loads the samples of coming iterations ahead of the step, on threads of its own, into a bounded number of buffers.
///
/// What is loaded depends on seed, epoch and sample alone, so neither threads nor timing change any bit. One thread
/// takes; it is the one that made the feed.
package final class SampleFeed {
  /// Iterations that are loaded or being loaded at once: the one in use and those ahead of it.
  package static let depth = 2

  private let source: any SampleSource
  let slots: Range<Int>
  private let end: Int
  private var stream: SampleStream
  private let state: State
  private let threads: [pthread_t]
  /// The first iteration that is not ordered yet.
  private var ordered: Int

  /// - Parameters:
  ///   - slots: of the mini-batch, those of this rank.
  ///   - start: the iteration that is taken first.
  ///   - end: the iteration before which the last is taken; nothing is loaded beyond it.
  package init(
    _ source: any SampleSource, stream: SampleStream, slots: Range<Int>, from start: Int, to end: Int, threads: Int
  ) {
    self.source = source
    self.stream = stream
    self.slots = slots
    self.end = end
    ordered = start
    state = State(source, slotCount: slots.count)
    self.threads = Self.start(threads, state)
  }

  deinit {
    state.finish()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Orders what is to come, and waits until the samples of `iteration` are there. The buffers of earlier iterations are
  /// used again.
  ///
  /// - Throws: the first error that any thread met.
  package func take(iteration: Int) throws(DataError) {
    precondition(iteration < end && iteration >= ordered - Self.depth, "iteration \(iteration) is not to be had")
    ordered = max(ordered, iteration)
    while ordered < min(end, iteration + Self.depth) {
      let samples = stream.samples(iteration: ordered, slots: slots)
      source.announce(samples.map(\.sample))
      state.order(iteration: ordered, samples)
      ordered += 1
    }
    try state.wait(iteration: iteration)
  }

  /// Copies the input of a slot of the iteration that was taken last: any thread.
  package func copy(iteration: Int, slot: Int, into target: UnsafeMutablePointer<Float>) {
    target.update(
      from: state.place(iteration: iteration, index: slot - slots.lowerBound), count: source.extents.count)
  }

  // MARK: - Threads

  private static func start(_ count: Int, _ state: State) -> [pthread_t] {
    // A signal must reach the main thread, which polls for it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return (0..<max(count, 1)).map { _ in
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          Unmanaged<State>.fromOpaque(argument!).takeRetainedValue().work()
          return nil
        }, Unmanaged.passRetained(state).toOpaque())
      precondition(code == 0, "a thread that loads images cannot start: \(String(cString: strerror(code)))")
      return thread
    }
  }

  /// What the taking thread and the loading ones share. Sendable: everything that changes is read and written under
  /// `mutex`, and of a buffer each thread writes the slots that it took off the queue; the taker reads them when all of
  /// its iteration are done.
  private final class State: @unchecked Sendable {
    private struct Item {
      let iteration: Int
      let index: Int
      let epoch: Int
      let sample: Int
    }

    private let source: any SampleSource
    private let slotCount: Int
    private let buffers: [FloatBuffer]
    private let failure = FirstFailure()

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let ordered = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let loaded = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [Item] = []
    private var next = 0
    /// Samples of an iteration that are not loaded yet.
    private var missing: [Int: Int] = [:]
    private var ended = false
    private var failed = false

    init(_ source: any SampleSource, slotCount: Int) {
      self.source = source
      self.slotCount = slotCount
      buffers = (0..<SampleFeed.depth).map { _ in FloatBuffer(slotCount * source.extents.count) }
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(ordered, nil)
      pthread_cond_init(loaded, nil)
    }

    deinit {
      pthread_cond_destroy(loaded)
      pthread_cond_destroy(ordered)
      pthread_mutex_destroy(mutex)
      loaded.deallocate()
      ordered.deallocate()
      mutex.deallocate()
    }

    func place(iteration: Int, index: Int) -> UnsafeMutablePointer<Float> {
      buffers[iteration % SampleFeed.depth].base + index * source.extents.count
    }

    func order(iteration: Int, _ samples: [(epoch: Int, sample: Int)]) {
      pthread_mutex_lock(mutex)
      missing[iteration] = samples.count
      queue.removeFirst(next)
      next = 0
      for (index, (epoch, sample)) in samples.enumerated() {
        queue.append(Item(iteration: iteration, index: index, epoch: epoch, sample: sample))
      }
      pthread_cond_broadcast(ordered)
      pthread_mutex_unlock(mutex)
    }

    func wait(iteration: Int) throws(DataError) {
      pthread_mutex_lock(mutex)
      while !failed, missing[iteration, default: 0] > 0 { pthread_cond_wait(loaded, mutex) }
      missing = missing.filter { $0.key > iteration }
      pthread_mutex_unlock(mutex)
      try failure.check()
    }

    func finish() {
      pthread_mutex_lock(mutex)
      ended = true
      pthread_cond_broadcast(ordered)
      pthread_mutex_unlock(mutex)
    }

    /// Loads what is ordered until the feed ends.
    func work() {
      pthread_mutex_lock(mutex)
      while true {
        while next == queue.count && !ended { pthread_cond_wait(ordered, mutex) }
        if ended { break }
        let item = queue[next]
        next += 1
        pthread_mutex_unlock(mutex)
        let succeeded = failure.attempt { () throws(DataError) in
          try source.load(
            sample: item.sample, epoch: item.epoch, into: place(iteration: item.iteration, index: item.index))
        }
        pthread_mutex_lock(mutex)
        missing[item.iteration, default: 1] -= 1
        failed = failed || !succeeded
        if failed || missing[item.iteration, default: 0] == 0 { pthread_cond_broadcast(loaded) }
      }
      pthread_mutex_unlock(mutex)
    }
  }
}
