import Foundation
import Glibc
import Synchronization
import System
import Testing

@Suite struct WorkerThreadTests {
  @Test func whatTheBodyWroteIsThereAfterJoin() throws {
    let written = Mutex<[Int]>([])
    let thread = try WorkerThread(name: "write") {
      usleep(20_000)
      written.withLock { $0 = [1, 2, 3] }
    }
    #expect(!thread.isFinished)
    thread.join()
    #expect(thread.isFinished && written.withLock { $0 } == [1, 2, 3])
    // Once more returns at once.
    thread.join()
  }

  @Test func itIsFinishedWithoutJoin() throws {
    let thread = try WorkerThread(name: "short") {}
    var attempts = 0
    while !thread.isFinished, attempts < 1000 {
      usleep(5000)
      attempts += 1
    }
    #expect(thread.isFinished)
    thread.join()
  }

  /// The name that `ps -L` and `top -H` show.
  private func name() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      let file = open("/proc/thread-self/comm", O_RDONLY)
      defer { close(file) }
      let length = read(file, text.baseAddress!, 63)
      text[max(length, 0)] = 0
      return String(cString: text.baseAddress!)
    }
  }

  @Test(arguments: [("compute 3", "compute 3"), ("a name of twenty byt", "a name of twent")])
  func itBearsItsName(name: String, shown: String) throws {
    let before = self.name()
    let found = Mutex("")
    let thread = try WorkerThread(name: name) {
      let own = self.name()
      found.withLock { $0 = own }
    }
    thread.join()
    #expect(found.withLock { $0 } == "\(shown)\n")
    #expect(self.name() == before)
  }

  @Test func signalsAreBlockedOnItOnly() throws {
    @Sendable func blocksTermination() -> Bool {
      var mask = sigset_t()
      pthread_sigmask(SIG_SETMASK, nil, &mask)
      return sigismember(&mask, SIGTERM) == 1
    }
    let before = blocksTermination()
    let isBlocked = Atomic(false)
    let thread = try WorkerThread(name: "mask") { isBlocked.store(blocksTermination(), ordering: .relaxed) }
    #expect(blocksTermination() == before)
    thread.join()
    let isOnIt = isBlocked.load(ordering: .relaxed)
    #expect(isOnIt)
  }

  @Test func whatItWorkedOnIsLetGoWithIt() throws {
    final class Something: Sendable {}
    weak var rest: Something?
    do {
      let something = Something()
      rest = something
      let thread = try WorkerThread(name: "hold") { _ = something }
      thread.join()
    }
    #expect(rest == nil)
  }

  /// The test runs in a process of its own, whose limit of memory leaves no room for a thread's stack.
  @Test func whatTheSystemRefusesIsThrown() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      limit.rlim_cur = 1 << 20
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      let error = #expect(throws: ThreadError.self) { _ = try WorkerThread(name: "many") {} }
      #expect(error?.code == EAGAIN && error?.exitStatus == .internalError)
      #expect(
        error?.description == """
          expected the system to start the thread many, found: Resource temporarily unavailable. Use fewer threads \
          (--threads), or raise the limits of processes and memory (ulimit -u, ulimit -v)
          """)
    }
  }

  @Test func aThreadThatNobodyJoinedIsAMistake() async {
    await #expect(processExitsWith: .failure) { _ = try WorkerThread(name: "lost") {} }
  }

  /// A fault of a thread must reach its handler: blocked, it would end the process without a word.
  @Test func faultsAreNotBlockedOnIt() throws {
    let blocked = Mutex<[Int32]>([])
    let thread = try WorkerThread(name: "mask") {
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      blocked.withLock { $0 = (1..<32).filter { sigismember(&mask, $0) == 1 } }
    }
    thread.join()
    let found = blocked.withLock { $0 }
    #expect([SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE].allSatisfy { !found.contains($0) }, "\(found)")
    #expect([SIGTERM, SIGINT, SIGHUP, SIGUSR1].allSatisfy { found.contains($0) }, "\(found)")
  }

  @Test func aFaultOnItIsToldLikeOneOfTheMainThread() async throws {
    let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
      var none = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
      LastWords.install(program: "prelu-dist")
      // Several at once: the first is told, and the others wait for its end.
      let threads = try (1...4).map { try WorkerThread(name: "fault \($0)") { raise(SIGILL) } }
      for thread in threads { thread.join() }
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    let told = words.components(separatedBy: "prelu-dist: a check inside the program failed (signal ILL)").count - 1
    #expect(told == 1, "\(words)")
  }
}
