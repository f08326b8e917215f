import Foundation
import Testing

/// Runs tests that mostly wait for programs on threads of their own.
///
/// Tests share as many threads as there are cores. One that waits for a program would keep a core idle, so these have
/// twice as many for themselves; that is also the number of programs that run at once.
public struct WaitsForPrograms: SuiteTrait, TestTrait, TestScoping {
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
  }
}

extension Trait where Self == WaitsForPrograms {
  /// The test, or each test of the suite, mostly waits for programs that it starts.
  public static var waitsForPrograms: Self { Self() }
}

/// Threads that run jobs in the order in which they come.
///
/// Sendable: the jobs are touched under the condition's lock only.
private final class WaitingThreads: TaskExecutor, @unchecked Sendable {
  static let shared = WaitingThreads(count: 2 * ProcessInfo.processInfo.activeProcessorCount)

  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []

  init(count: Int) {
    for _ in 0..<count { Thread.detachNewThread { self.work() } }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock { jobs.append(job) }
    condition.signal()
  }

  private func work() -> Never {
    while true {
      let job = condition.withLock {
        while jobs.isEmpty { condition.wait() }
        return jobs.removeFirst()
      }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
