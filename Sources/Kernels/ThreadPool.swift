import Synchronization
import System

/// A fixed number of threads that work off numbered pieces together, the calling thread among them.
///
/// Which thread takes which piece depends on timing; kernels therefore make a piece's result depend on its number only.
public final class ThreadPool: Sendable {
  /// Threads that work, the caller included.
  public let threadCount: Int

  private let state = State()
  private let threads: [WorkerThread]

  /// - Parameter cores: one bit for each processor that the pool's own threads may run on, where that is not what the
  ///   process may use; empty for that. See `movesFreely`.
  public init(threads threadCount: Int, cores: [UInt8] = []) {
    precondition(threadCount >= 1, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    let state = self.state
    threads = (1..<max(threadCount, 1)).map { index in
      do throws(ThreadError) {
        return try WorkerThread(name: "compute \(index)") {
          if !cores.isEmpty, !setAffinity(cores) { state.isBound.store(true, ordering: .relaxed) }
          state.serve(thread: index)
        }
      } catch {
        preconditionFailure("thread \(index) of \(threadCount): \(error)")
      }
    }
  }

  /// Whether the system let every thread run on the cores that the pool was given. Known once the pool has worked.
  public var movesFreely: Bool { !state.isBound.load(ordering: .relaxed) }

  deinit {
    state.end()
    for thread in threads { thread.join() }
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

  /// The state that the caller and the workers share. It is sendable because everything but the atomic values is read
  /// and written under the lock.
  private final class State: @unchecked Sendable {
    typealias Body = (_ piece: Int, _ thread: Int) -> Void

    /// The workers wait for a round, the caller for their end of it: two conditions under one lock.
    private let wake: Condition
    private let done: Condition
    private var round = 0
    private var working = 0
    private var ended = false
    private var pieces = 0
    private var body: Body?
    private let next = Atomic<Int>(0)
    /// Whether a thread could not move to the cores it was given.
    let isBound = Atomic<Bool>(false)

    init() {
      wake = Condition()
      done = Condition(lockOf: wake)
    }

    func begin(_ body: @escaping Body, pieces: Int, workers: Int) {
      wake.withLock {
        self.body = body
        self.pieces = pieces
        next.store(0, ordering: .relaxed)
        working = workers
        round += 1
        wake.broadcast()
      }
    }

    func workOff(_ body: Body, pieces: Int, thread: Int) {
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, thread)
      }
    }

    func waitForWorkers() {
      done.withLock {
        done.wait { working > 0 }
        body = nil
      }
    }

    func end() {
      wake.withLock {
        ended = true
        wake.broadcast()
      }
    }

    /// Works off every round until the pool ends.
    func serve(thread: Int) {
      var seen = 0
      while let (body, pieces) = nextRound(&seen) { workOff(body, pieces: pieces, thread: thread) }
    }

    /// Ends a worker's part in the round `seen`, unless that is 0, and waits for the next round; returns nil at the
    /// pool's end. Both take the lock only once.
    private func nextRound(_ seen: inout Int) -> (body: Body, pieces: Int)? {
      wake.withLock {
        if seen > 0 {
          working -= 1
          if working == 0 { done.broadcast() }
        }
        wake.wait { round == seen && !ended }
        guard !ended, let body else { return nil }
        seen = round
        return (body, pieces)
      }
    }
  }
}
