import Foundation
import System
import TestSupport
import Testing
import Training

/// Tests of runs that are asked to stop.
@Suite(.serialized, .enabled(if: isOutsideMPI)) struct StopTests {
  /// Lets the time limit pass while it hears of the first step: for the run, the step has taken that long.
  private final class SlowListener: RunListener {
    private let limit: Double
    private var end = 0.0

    init(_ limit: Double) { self.limit = limit }

    func hear(_ event: TrainingEvent) {
      // The run has taken its time from earlier on.
      if case .started = event { end = monotonicSeconds() + limit }
      guard case .progress = event else { return }
      while monotonicSeconds() < end { usleep(10_000) }
    }
  }

  /// A wish to stop that comes during a long step is met after it, not after the next one.
  @Test func aStopWaitsForNoSecondStep() throws {
    let small = try SmallRun()
    let limit = 2.0
    let summary = try small.train(timeLimit: limit, listeners: [SlowListener(limit)])
    #expect(summary.iteration == 1)
    guard case .interrupted("the time limit") = summary.ending else {
      Issue.record("\(summary.ending)")
      return
    }
    // The checkpoint holds the whole step, and the run goes on from it.
    let names = try FileManager.default.contentsOfDirectory(atPath: small.path)
    #expect(names.contains("checkpoint-1.h5"), "\(names)")
    #expect(try small.train(.resume(small.path), listeners: []).iteration == 15)
  }
}
