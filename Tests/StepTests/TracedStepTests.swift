import Communication
import Foundation
import Network
import RankTestSupport
import Step
import System
import TestSupport
import Testing
import Tracing

/// Steps on all ranks leave one trace, and the trace changes no bit.
@Suite(.serialized) struct TracedStepTests {
  private static let steps = 3

  private struct Run {
    let bits: [UInt32]
    /// The end of the trace, on rank 0.
    let outcome: StepTrace.Outcome?
    /// The file, on rank 0.
    let file: [UInt8]?
  }

  /// - Parameters:
  ///   - traced: the number of steps to trace; nil for no trace.
  ///   - folder: rank 0's.
  private func run(traced: Int?, skipsFirst: Bool = false, in folder: ScratchFolder) throws -> Run {
    let small = try RankStep(threads: 2)
    let path = folder.file("trace.json")
    let trace = traced.map { steps in
      StepTrace(
        TraceRequest(path: path, steps: steps, program: "program 1", commandLine: "train"), threads: 4,
        world: small.world)
    }
    var outcomes: [StepTrace.Outcome] = []
    for iteration in 0..<Self.steps {
      if let outcome = try trace?.begin(iteration: iteration, isFollowed: skipsFirst) { outcomes.append(outcome) }
      _ = try small.run(iteration: iteration)
    }
    if let outcome = try trace?.finish() { outcomes.append(outcome) }
    #expect(outcomes.count == (traced != nil && small.world.rank == 0 ? 1 : 0))
    let tower = small.network.architecture.towerRange
    return Run(
      bits: withExtendedLifetime(small) { small.network.parameters.values[tower].map(\.bitPattern) },
      outcome: outcomes.first, file: FileManager.default.contents(atPath: path).map { [UInt8]($0) })
  }

  @Test func aTraceChangesNoBit() throws {
    let folder = try ScratchFolder()
    try traceLock.withLock {
      let plain = try run(traced: nil, in: folder)
      let traced = try run(traced: Self.steps, in: folder)
      #expect(plain.bits == traced.bits && plain.file == nil)
    }
  }

  @Test func oneFileShowsAllRanksAndThreads() throws {
    let folder = try ScratchFolder()
    let traced = try traceLock.withLock { try run(traced: Self.steps, in: folder) }
    guard try startedWorld().rank == 0 else {
      // Only rank 0 writes.
      #expect(traced.file == nil && traced.outcome == nil)
      return
    }
    let trace = try TraceDocument(#require(traced.file))
    guard case .written(_, let count, 0)? = traced.outcome else {
      Issue.record("\(String(describing: traced.outcome))")
      return
    }
    #expect(trace.events.count == count && trace.crossings.isEmpty, "\(trace.crossings.first as Any)")
    #expect(trace.about["steps"] as? [Int] == Array(1...Self.steps))
    #expect(trace.processes.count == rankCount)
    #expect(try folder.names() == ["trace.json"], "a temporary file is left")
    let errors = try #require(trace.about["ranks"] as? [[String: Any]]).map { $0["clockErrorMicroseconds"] as? Double }
    for (rank, error) in errors.enumerated() { #expect(rank == 0 ? error == 0 : error ?? 0 > 0) }

    for rank in 0..<rankCount {
      let events = trace.events.filter { $0.process == rank + 1 }
      let names = Dictionary(grouping: events, by: \.name)
      func has(_ name: String, _ category: String) -> Bool {
        names[name]?.contains { $0.category == category } ?? false
      }
      #expect(names["step"]?.compactMap { $0.arguments["iteration"] as? Int }.sorted() == [1, 2, 3])
      #expect(has("forward", "part") && has("backward", "part"))
      let threads = Set(events.compactMap { trace.threads[$0.thread] })
      // Each of these ranks has leaves.
      #expect(has("conv1 forward", "layer,forward") && has("conv2 backward", "layer,backward"))
      #expect(has("conv2 filters forward", "layer,filters"))
      #expect(events.contains { $0.category == "phase" && $0.arguments["pieces"] is Int })
      #expect(threads.contains("main"))
      if rank == 0 {
        #expect(has("gather", "part") && has("fully connected", "part") && has("scatter", "part"))
        #expect(has("fc1 forward", "layer,forward") && has("fc2 input gradient", "layer,backward"))
        #expect(has("fc1 weights' gradient and update", "layer,backward"))
      }
      if rankCount == 1 {
        #expect(has("update", "part"))
      } else {
        #expect(threads.contains("messages"))
        #expect(has("reduction of conv2 … conv1", "communication") && has("update", "update"))
        #expect(rank == 0 || has("wait for rank 0", "part"))
      }
    }
  }

  /// No rank has the sum before the last one has begun to add: on one axis all of them overlap.
  @Test(.enabled(if: rankCount > 1, "there are no other ranks")) func reductionsOverlapOnTheCommonAxis() throws {
    let folder = try ScratchFolder()
    let traced = try traceLock.withLock { try run(traced: Self.steps, in: folder) }
    guard let file = traced.file else { return }
    let trace = try TraceDocument(file)
    let errors = try #require(trace.about["ranks"] as? [[String: Any]]).map { $0["clockErrorMicroseconds"] as? Double }
    let error = Int(2000 * (errors.compactMap(\.self).max() ?? 0))
    let reductions = Dictionary(
      grouping: trace.events.filter { $0.name == "reduction of conv2 … conv1" }, by: \.process)
    #expect(reductions.count == rankCount)
    for step in 0..<Self.steps {
      let ofStep = try reductions.values.map { events in
        try #require(events.sorted { $0.start < $1.start }.dropFirst(step).first)
      }
      let (latest, first) = (ofStep.map(\.start).max() ?? 0, ofStep.map(\.end).min() ?? 0)
      #expect(latest <= first + error, "step \(step): one has ended \(latest - first) ns before another began")
    }
  }

  @Test(arguments: [(1, true, [2]), (2, true, [2, 3]), (5, true, [2, 3]), (2, false, [1, 2])])
  func theFirstStepsAreTraced(steps: Int, skipsFirst: Bool, expected: [Int]) throws {
    let folder = try ScratchFolder()
    let traced = try traceLock.withLock { try run(traced: steps, skipsFirst: skipsFirst, in: folder) }
    guard let file = traced.file else { return }
    let trace = try TraceDocument(file)
    #expect(trace.about["steps"] as? [Int] == expected)
    let numbers = trace.events.filter { $0.name == "step" && $0.process == 1 }
      .compactMap { $0.arguments["iteration"] as? Int }
    #expect(numbers == expected)
  }

  /// A file that cannot be written on rank 0 is told there, and the other ranks go on.
  @Test func aFileThatCannotBeWrittenEndsNothing() throws {
    let world = try startedWorld()
    let request = TraceRequest(path: "/proc/nothing/trace.json", program: "p", commandLine: "c")
    let trace = StepTrace(request, threads: 1, world: world)
    let outcome = try traceLock.withLock {
      _ = try trace.begin(iteration: 0, isFollowed: false)
      return try trace.finish()
    }
    if world.rank == 0 {
      guard case .failed(let error)? = outcome else {
        Issue.record("\(String(describing: outcome))")
        return
      }
      #expect(error.kind == .cannotCreate)
      #expect(outcome?.warning?.hasPrefix("the trace is not written: /proc/nothing/trace.json: cannot be ") == true)
    }
    #expect(throws: RankFailure.self) { try StepTrace.check(request, world: world) }
  }
}
