import Synchronization
import System

/// A fixed number of threads that compute together, the calling thread among them.
///
/// Which thread takes which piece depends on timing; kernels therefore make a piece's result depend on its number only.
public final class ThreadPool: Sendable {
  /// Threads that work, the caller included.
  public let threadCount: Int
  /// The reason why there are fewer threads than asked for; nil if there are as many.
  public let shortfall: ThreadError?

  private let gate: Gate
  private let members: [TeamMember]
  private let threads: [WorkerThread]

  /// - Parameters:
  ///   - threadCount: the number of threads, the caller included. If the system starts fewer, the pool has fewer:
  ///     see `shortfall`.
  ///   - cores: one bit for each processor that the pool's own threads may run on, where that is not what the process
  ///     may use; empty for that. See `movesFreely`.
  ///   - spins: whether threads that wait for one another look before they sleep; nil means that they do if the process
  ///     may use as many cores. It has to be false where the threads of several processes outnumber the cores.
  ///   - name: the name of the pool's own threads, before their numbers.
  public init(threads threadCount: Int, cores: [UInt8] = [], spins: Bool? = nil, name: String = "compute") {
    precondition(threadCount >= 1, "a pool of \(threadCount) threads")
    let spins = spins ?? (threadCount <= max(availableProcessors(), processorCount(of: cores)))
    let gate = Gate(spins: spins)
    var threads: [WorkerThread] = []
    var shortfall: ThreadError?
    for index in 1..<max(threadCount, 1) {
      do throws(ThreadError) {
        threads.append(
          try WorkerThread(name: "\(name) \(index)") {
            if !cores.isEmpty, !setAffinity(cores) { gate.isBound.store(true, ordering: .relaxed) }
            gate.serve(thread: index)
          })
      } catch {
        shortfall = error
        break
      }
    }
    self.gate = gate
    self.threads = threads
    self.shortfall = shortfall
    self.threadCount = threads.count + 1
    let phases = TeamPhases(members: threads.count + 1, spins: spins)
    members = (0...threads.count).map { TeamMember($0, of: phases) }
  }

  /// Whether the system let every thread run on the cores that the pool was given. Known once the pool has worked.
  public var movesFreely: Bool { !gate.isBound.load(ordering: .relaxed) }

  deinit {
    gate.end()
    for thread in threads { thread.join() }
  }

  /// Calls `body` on the threads as members of one team, and returns when all phases that it shared out are done.
  ///
  /// The caller is member 0. Another thread joins when it comes, and may come too late: so everything that `body` does
  /// must be in pieces that it shares out. Not to be called from inside `body`.
  public func run(_ body: (_ member: TeamMember) -> Void) {
    guard threadCount > 1 else { return body(members[0]) }
    let start = members[0].position
    withoutActuallyEscaping(body) { body in
      let members = members
      gate.open { thread in
        members[thread].join(at: start)
        body(members[thread])
      }
      body(members[0])
      members[0].wait()
      gate.close()
    }
  }

  /// Calls `body(piece, thread)` for every piece in 0 ..< `count`, each once, on up to `threadCount` threads, and
  /// returns when all are done. `thread` in 0 ..< threadCount tells scratch memory apart.
  ///
  /// Pieces must write disjoint memory. Not to be called from inside a piece.
  ///
  /// - Parameter phase: the name of the work in a trace.
  public func parallelFor(
    _ count: Int, as phase: TraceLabel = "pieces", _ body: (_ piece: Int, _ thread: Int) -> Void
  ) {
    guard threadCount > 1, count > 1 else {
      guard count > 0 else { return }
      return Trace.span(phase, .phase, count) {
        for piece in 0..<count { body(piece, 0) }
      }
    }
    run { member in member.share(count, as: phase) { piece in body(piece, member.index) } }
  }

  /// The gate at which the pool's threads wait for something to do.
  ///
  /// It is sendable because everything but the atomic values is written by the pool's caller only, while the gate is
  /// closed and nobody is inside, and read by threads inside only.
  private final class Gate: @unchecked Sendable {
    typealias Body = (_ thread: Int) -> Void

    /// The number of openings and closings: odd while the gate is open, negative at the end.
    private let turns = Atomic<Int>(0)
    private let inside = Atomic<Int>(0)
    private let opening: SpinningWait
    private let leaving: SpinningWait
    private var body: Body?
    /// Whether a thread could not move to the cores it was given.
    let isBound = Atomic<Bool>(false)

    init(spins: Bool) {
      opening = SpinningWait(spins: spins)
      leaving = SpinningWait(spins: spins)
    }

    func open(_ body: @escaping Body) {
      self.body = body
      turns.wrappingAdd(1, ordering: .sequentiallyConsistent)
      opening.wake()
    }

    /// Closes the gate and waits until nobody is inside.
    func close() {
      turns.wrappingAdd(1, ordering: .sequentiallyConsistent)
      if inside.load(ordering: .sequentiallyConsistent) > 0 {
        Trace.span("wait for threads to leave", .wait) {
          leaving.wait { inside.load(ordering: .sequentiallyConsistent) > 0 }
        }
      }
      body = nil
    }

    func end() {
      turns.store(-1, ordering: .sequentiallyConsistent)
      opening.wake()
    }

    /// Goes through the gate whenever it opens, until the end.
    func serve(thread: Int) {
      var last = 0
      while true {
        var turn = 0
        opening.wait {
          turn = turns.load(ordering: .sequentiallyConsistent)
          return turn >= 0 && (turn % 2 == 0 || turn == last)
        }
        guard turn >= 0 else { return }
        last = turn
        inside.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // The gate may have closed meanwhile; while it is open and this thread counted, it stays with this body.
        if turns.load(ordering: .sequentiallyConsistent) == turn, let body { body(thread) }
        if inside.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 { leaving.wake() }
      }
    }
  }
}
