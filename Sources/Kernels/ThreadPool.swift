import CProcessor
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A fixed number of threads that work off numbered pieces together, the calling thread among them.
///
/// Which thread takes which piece depends on timing; kernels therefore make a piece's result depend on its number only.
public final class ThreadPool: Sendable {
  /// Threads that work, the caller included.
  public let threadCount: Int

  private let state = State()
  private let threads: [pthread_t]

  /// - Parameter cores: one bit for each processor that the pool's own threads may run on, where that is not what the
  ///   process may use; empty for that. See `movesFreely`.
  public init(threads threadCount: Int, cores: [UInt8] = []) {
    precondition(threadCount >= 1, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    // A signal must reach the main thread, which polls for it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let state = self.state
    threads = (1..<max(threadCount, 1)).map { index in
      let worker = Unmanaged.passRetained(Worker(state: state, index: index, cores: cores))
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          Unmanaged<Worker>.fromOpaque(argument!).takeRetainedValue().run()
          return nil
        }, worker.toOpaque())
      precondition(code == 0, "thread \(index) of \(threadCount) cannot start: \(String(cString: strerror(code)))")
      return thread
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  /// Whether the system let every thread run on the cores that the pool was given. Known once the pool has worked.
  public var movesFreely: Bool { !state.isBound.load(ordering: .relaxed) }

  deinit {
    state.end()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Calls `body(piece, thread)` for every piece in 0 ..< `count`, each once, on up to `threadCount` threads, and
  /// returns when all are done. `thread` in 0 ..< threadCount tells scratch memory apart.
  ///
  /// Pieces must write disjoint memory. Not to be called from inside a piece.
  public func parallelFor(_ count: Int, _ body: (_ piece: Int, _ thread: Int) -> Void) {
    guard threadCount > 1, count > 1 else {
      for piece in 0..<max(count, 0) { body(piece, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      state.begin(body, pieces: count, workers: threadCount - 1)
      state.workOff(body, pieces: count, thread: 0)
      state.waitForWorkers()
    }
  }

  /// What the caller and the workers share. Sendable: everything is read and written under `mutex`, but for the atomic
  /// counter.
  private final class State: @unchecked Sendable {
    typealias Body = (_ piece: Int, _ thread: Int) -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var round = 0
    private var working = 0
    private var ended = false
    private var pieces = 0
    private var body: Body?
    private let next = Atomic<Int>(0)
    /// Whether a thread could not move to the cores it was given.
    let isBound = Atomic<Bool>(false)

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(wake, nil)
      pthread_cond_init(done, nil)
    }

    deinit {
      pthread_cond_destroy(done)
      pthread_cond_destroy(wake)
      pthread_mutex_destroy(mutex)
      done.deallocate()
      wake.deallocate()
      mutex.deallocate()
    }

    func begin(_ body: @escaping Body, pieces: Int, workers: Int) {
      pthread_mutex_lock(mutex)
      self.body = body
      self.pieces = pieces
      next.store(0, ordering: .relaxed)
      working = workers
      round += 1
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(mutex)
    }

    func workOff(_ body: Body, pieces: Int, thread: Int) {
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, thread)
      }
    }

    func waitForWorkers() {
      pthread_mutex_lock(mutex)
      while working > 0 { pthread_cond_wait(done, mutex) }
      body = nil
      pthread_mutex_unlock(mutex)
    }

    func end() {
      pthread_mutex_lock(mutex)
      ended = true
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(mutex)
    }

    /// Works off every round until the pool ends.
    func serve(thread: Int) {
      var seen = 0
      pthread_mutex_lock(mutex)
      while true {
        while round == seen && !ended { pthread_cond_wait(wake, mutex) }
        guard !ended, let body else { break }
        seen = round
        let pieces = self.pieces
        pthread_mutex_unlock(mutex)
        workOff(body, pieces: pieces, thread: thread)
        pthread_mutex_lock(mutex)
        working -= 1
        if working == 0 { pthread_cond_signal(done) }
      }
      pthread_mutex_unlock(mutex)
    }
  }

  private final class Worker: Sendable {
    let state: State
    let index: Int
    let cores: [UInt8]

    init(state: State, index: Int, cores: [UInt8]) {
      self.state = state
      self.index = index
      self.cores = cores
    }

    func run() {
      if !cores.isEmpty, processor_set_affinity(cores, UInt(cores.count)) != 0 {
        state.isBound.store(true, ordering: .relaxed)
      }
      state.serve(thread: index)
    }
  }
}
