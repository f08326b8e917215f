import Glibc
import Kernels
import Synchronization
import Testing

@Test(arguments: [1, 2, 3, 4, 8])
func everyPieceRunsExactlyOnce(threads: Int) {
  let pool = ThreadPool(threads: threads)
  #expect(pool.threadCount == threads)
  for count in [-1, 0, 1, 2, 3, 7, 8, 9, 100, 1000] {
    let taken = Mutex([Int](repeating: 0, count: max(count, 0)))
    let strangers = Mutex(0)
    pool.parallelFor(count) { piece, thread in
      taken.withLock { $0[piece] += 1 }
      if !(0..<threads).contains(thread) { strangers.withLock { $0 += 1 } }
    }
    #expect(taken.withLock { $0 }.allSatisfy { $0 == 1 }, "\(count) pieces")
    #expect(strangers.withLock { $0 } == 0, "\(count) pieces")
  }
}

/// A phase's counter holds 24 bits of pieces.
@Test func morePiecesThanACounterHoldsRunOnce() {
  let pool = ThreadPool(threads: 2)
  let count = 1 << 25 + 3
  let taken = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
  defer { taken.deallocate() }
  taken.initialize(repeating: 0)
  nonisolated(unsafe) let marks = taken
  pool.parallelFor(count) { piece, _ in marks[piece] &+= 1 }
  #expect(taken.allSatisfy { $0 == 1 })
  // Others follow as usual.
  pool.parallelFor(5) { piece, _ in marks[piece] &+= 1 }
  #expect(taken.prefix(6).elementsEqual([2, 2, 2, 2, 2, 1]))
}

@Test func aPoolServesThousandsOfRounds() {
  let pool = ThreadPool(threads: 4)
  let sum = Atomic(0)
  let rounds = 5000
  for round in 0..<rounds {
    pool.parallelFor(round % 9) { piece, _ in sum.wrappingAdd(piece + 1, ordering: .relaxed) }
    let expected = (0...round).reduce(0) { $0 + ($1 % 9) * ($1 % 9 + 1) / 2 }
    guard round % 500 == 0 || round == rounds - 1 else { continue }
    #expect(sum.load(ordering: .relaxed) == expected, "round \(round)")
  }
}

/// The caller reads what a piece wrote, without a lock of its own.
@Test func resultsAreThereWhenTheCallReturns() {
  let pool = ThreadPool(threads: 3)
  let buffer = FloatBuffer(257)
  for round in 1...500 {
    pool.parallelFor(257) { piece, _ in buffer.base[piece] = Float(piece * round) }
    guard !(0..<257).allSatisfy({ buffer.base[$0] == Float($0 * round) }) else { continue }
    Issue.record("round \(round)")
  }
}

/// The place of this thread under /proc.
private func threadFolder() -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
    let length = readlink("/proc/thread-self", text.baseAddress!, 127)
    text[max(length, 0)] = 0
    return "/proc/" + String(cString: text.baseAddress!)
  }
}

/// Runs `body` once on each of the pool's threads: a piece ends only when all have begun.
private func onEachThread(of pool: ThreadPool, _ body: (_ thread: Int) -> Void) {
  let begun = Atomic(0)
  pool.parallelFor(pool.threadCount) { _, thread in
    body(thread)
    begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while begun.load(ordering: .sequentiallyConsistent) < pool.threadCount { sched_yield() }
  }
}

@Test func threadsEndWithThePool() {
  let folders = Mutex<Set<String>>([])
  do {
    let pool = ThreadPool(threads: 4)
    onEachThread(of: pool) { thread in
      let folder = threadFolder()
      if thread > 0 { _ = folders.withLock { $0.insert(folder) } }
    }
  }
  let ended = folders.withLock { $0 }
  #expect(ended.count == 3)
  // The kernel takes a thread off the list a moment after it was joined.
  var attempts = 0
  while ended.contains(where: { access($0, F_OK) == 0 }), attempts < 1000 {
    usleep(5000)
    attempts += 1
  }
  #expect(!ended.contains { access($0, F_OK) == 0 })
}

@Test func everyThreadHasItsOwnNumber() {
  let pool = ThreadPool(threads: 4)
  let numbers = Mutex<[Int]>([])
  onEachThread(of: pool) { thread in numbers.withLock { $0.append(thread) } }
  #expect(numbers.withLock { $0.sorted() } == [0, 1, 2, 3])
}

@Test func signalsReachOnlyTheCaller() {
  func blocksTermination() -> Bool {
    var mask = sigset_t()
    pthread_sigmask(SIG_SETMASK, nil, &mask)
    return sigismember(&mask, SIGTERM) == 1
  }
  let before = blocksTermination()
  let pool = ThreadPool(threads: 3)
  #expect(blocksTermination() == before)
  let blocked = Mutex<[Bool]>([])
  onEachThread(of: pool) { thread in
    let isBlocked = blocksTermination()
    if thread > 0 { blocked.withLock { $0.append(isBlocked) } }
  }
  #expect(blocked.withLock { $0 } == [true, true])
}

@Test func poolsComeAndGo() {
  for round in 0..<200 {
    let pool = ThreadPool(threads: 1 + round % 4)
    let taken = Atomic(0)
    pool.parallelFor(5) { _, _ in taken.wrappingAdd(1, ordering: .relaxed) }
    #expect(taken.load(ordering: .relaxed) == 5)
  }
}

/// Phases that read what the phase before wrote, on teams of all sizes: no member may run ahead or fall behind.
@Test(arguments: [1, 2, 3, 4, 8], [true, false])
func aPhaseReadsWhatThePhaseBeforeWrote(threads: Int, spins: Bool) {
  let pool = ThreadPool(threads: threads, spins: spins)
  let count = 61
  let (first, second) = (FloatBuffer(count), FloatBuffer(count))
  for _ in 0..<20 {
    first.values.update(repeating: 0)
    pool.run { member in
      for round in 0..<50 {
        let (from, to) = round % 2 == 0 ? (first.base, second.base) : (second.base, first.base)
        member.share(count) { piece in to[piece] = from[(piece + 1) % count] + 1 }
        // A phase without pieces is none.
        member.share(0) { _ in Issue.record("a piece of nothing") }
        member.wait()
      }
    }
    guard !first.values.allSatisfy({ $0 == 50 }) else { continue }
    Issue.record("\(Array(first.values))")
  }
}

/// The pieces of a member that does not come are taken by those that are there.
@Test func nobodyWaitsForAMemberThatDoesNotCome() {
  let pool = ThreadPool(threads: 4, spins: false)
  let begun = Atomic(0)
  let taken = Atomic(0)
  pool.run { member in
    member.share(400) { _ in
      // Whoever comes first keeps the others' parts from being taken by their owners for a while.
      if begun.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { usleep(20_000) }
      taken.wrappingAdd(1, ordering: .relaxed)
    }
    member.wait()
    member.share(7) { _ in taken.wrappingAdd(1, ordering: .relaxed) }
  }
  #expect(taken.load(ordering: .relaxed) == 407)
}

@Test func theOnlyMemberOfATeamTakesEverything() {
  var pieces: [Int] = []
  TeamMember.alone.share(3) { pieces.append($0) }
  TeamMember.alone.wait()
  #expect(pieces == [0, 1, 2])
  #expect(TeamMember.alone.count == 1 && TeamMember.alone.index == 0)
}
