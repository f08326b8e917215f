import Communication
import Glibc
import System

/// The trace of a run's first steps on all ranks, which rank 0 writes into one file.
///
/// The first step of all is left out if another one follows, because it touches memory for the first time. Nothing is
/// written before the last of the steps has ended, or the run; a run that fails before leaves no file.
public final class StepTrace {
  /// The end of a trace: written, or why not.
  public enum Outcome: Sendable {
    /// The trace is in its file; `dropped` events were not recorded.
    case written(path: String, events: Int, dropped: Int)
    /// There was no step to record.
    case empty
    /// The file could not be written.
    case failed(FileError)

    /// The part of it that a person has to know; nil where all went well.
    public var warning: String? {
      switch self {
      case .written(let path, let events, let dropped):
        dropped == 0
          ? nil
          : "\(path): expected room for all events of the trace, found some for \(events) of \(events + dropped): the "
            + "last ones are missing. Trace fewer steps (--trace-steps)"
      case .empty: "expected a step to trace, found none left to do: no trace is written. Let the run take more steps"
      case .failed(let error): "the trace is not written: \(error)"
      }
    }
  }

  private let request: TraceRequest
  private let world: World
  /// The number of threads of this rank that memory is kept ready for.
  private let threads: Int
  private var state = State.before
  private var hasStepped = false

  private enum State {
    case before
    case recording(steps: [Int], zero: Int, clock: ClockReading)
    case done
  }

  /// Checks the path on rank 0, before anything is computed. All ranks call it.
  ///
  /// - Throws: `RankFailure` where the trace could not be written.
  public static func check(_ request: TraceRequest, world: World) throws {
    // A path on rank 0's host may lead nowhere on another one.
    try world.agree { if world.rank == 0 { try request.check() } }
  }

  /// - Parameter threads: the number of threads that this rank is expected to have.
  public init(_ request: TraceRequest, threads: Int, world: World) {
    self.request = request
    self.threads = threads
    self.world = world
  }

  /// Starts to record before the first step that belongs in the trace, and ends before the first one that does not. All
  /// ranks call it before each step.
  ///
  /// - Parameters:
  ///   - iteration: the number of steps of the run before this one.
  ///   - isFollowed: whether another step follows, so that this one is left out if it is the first.
  /// - Returns: on rank 0, what became of the trace that ended; else nil.
  public func begin(iteration: Int, isFollowed: Bool) throws -> Outcome? {
    defer { hasStepped = true }
    switch state {
    case .before where hasStepped || !isFollowed:
      let clock = try ClockReading.take(world)
      let zero = try world.broadcast(monotonicNanoseconds(), root: 0)
      Trace.start(threads: threads, capacity: request.capacity(threads: threads))
      // Without this, the first step would show how ranks wait for the others' memory.
      try world.barrier()
      state = .recording(steps: [iteration + 1], zero: zero, clock: clock)
    case .recording(let steps, let zero, let clock) where steps.count < request.steps:
      state = .recording(steps: steps + [iteration + 1], zero: zero, clock: clock)
    case .recording: return try finish()
    case .before, .done: break
    }
    return nil
  }

  /// Ends the recording, if it goes on, and writes the file. All ranks call it.
  ///
  /// - Returns: on rank 0, what became of the trace, once; else nil.
  public func finish() throws -> Outcome? {
    defer { state = .done }
    guard case .recording(let steps, let zero, let first) = state else {
      guard case .before = state, world.rank == 0 else { return nil }
      return .empty
    }
    let tracks = Trace.stop().sorted { order(of: $0.name) < order(of: $1.name) }
    let end = monotonicNanoseconds()
    let clock = ClockTranslation(first: first, last: try ClockReading.take(world))
    let text = TraceText.rank(
      world.rank, host: world.hostName, tracks, end: end, isLast: world.rank == world.size - 1
    ) { clock.root($0) - zero }
    let ranks = try world.allgather(TracedRank(host: world.hostName, clock: clock, tracks, length: text.count))
    guard world.rank == 0 else {
      try text.withUnsafeBytes { try world.wait([world.send($0, to: 0, tag: Self.tag)]) }
      return nil
    }
    if let failure = try write(TraceText.beginning(request, steps: steps, ranks: ranks), own: text, ranks) {
      return .failed(failure)
    }
    return .written(
      path: request.path, events: ranks.reduce(0) { $0 + $1.events }, dropped: ranks.reduce(0) { $0 + $1.dropped })
  }

  /// The tag of all messages: the largest that every MPI has, so that it is no step's.
  static let tag = 32_767

  /// Writes the file on rank 0, from what the others send.
  ///
  /// - Returns: the reason why the file is not there; nil if it is.
  /// - Throws: `MPIError`.
  private func write(_ beginning: [UInt8], own: [UInt8], _ ranks: [TracedRank]) throws -> FileError? {
    var next = -1
    var (failure, lost): (FileError?, MPIError?) = (nil, nil)
    do throws(FileError) {
      // Something else may have come there since the start.
      try request.check()
      let file = FileReplacement(of: request.path, temporary: "\(request.path).tmp.\(getpid())")
      try file.write(synchronizes: true) {
        defer { next += 1 }
        switch next {
        case -1: return beginning
        case 0: return own
        case 1..<max(ranks.count, 1):
          do throws(MPIError) { return try receive(ranks[next].length, from: next) } catch { lost = error }
          return nil
        case ranks.count: return TraceText.end
        default: return nil
        }
      }
      if lost == nil { try file.putInPlace(refusal: .cannotCreate) }
    } catch { failure = error }
    if let lost { throw lost }
    // The other ranks send what they have in any case.
    while next < ranks.count {
      if next > 0 { _ = try receive(ranks[next].length, from: next) }
      next += 1
    }
    return failure
  }

  private func receive(_ length: Int, from rank: Int) throws(MPIError) -> [UInt8] {
    try [UInt8](capacity: length) { (bytes) throws(MPIError) in
      try bytes.withUnsafeMutableBufferPointer { (buffer, count) throws(MPIError) in
        try world.wait([world.receive(UnsafeMutableRawBufferPointer(buffer), from: rank, tag: Self.tag)])
        count = length
      }
    }
  }

  /// Returns the place of a thread among those of its rank: the rank's first thread, those that compute with it, those
  /// of the fully connected layers, and those that do something else.
  private func order(of thread: String) -> Int {
    let words = thread.split(separator: " ")
    let kinds = ["main", "compute", "head", "messages", "load", "checkpoint"]
    let kind = words.first.flatMap { kinds.firstIndex(of: String($0)) } ?? kinds.count
    return kind * 10_000 + (words.last.flatMap { Int($0) } ?? 0)
  }
}
