import CMPI
import Glibc
import Synchronization
import System

/// The work that a rank is doing, named in messages about ranks that have not come as far.
public struct Activity: Sendable, CustomStringConvertible {
  public let name: StaticString
  public let number: Int?

  public init(_ name: StaticString, _ number: Int? = nil) {
    self.name = name
    self.number = number
  }

  public var description: String { number.map { "\(name) \($0)" } ?? "\(name)" }
}

/// The limits on how long a rank waits for others before it says so, and before the job ends.
public struct StallLimits: Sendable {
  /// The seconds after which a warning names the missing ranks.
  public var warning: Double
  /// The seconds after which the job ends; nil means never.
  public var limit: Double?

  public init(warning: Double = 60, limit: Double? = 600) {
    self.warning = warning
    self.limit = limit
  }
}

/// The ranks that others wait for.
public struct Stall: Sendable, CustomStringConvertible {
  /// The ranks that did not answer, with their hosts; empty where all ranks wait, each for something else.
  public let missing: [(rank: Int, host: String)]
  /// The seconds that this rank has waited.
  public let seconds: Double
  /// The work that this rank is doing.
  public let activity: Activity
  /// Whether the limit is reached, so that the job should end.
  public let isFinal: Bool

  public var description: String {
    let time = "\(Int(seconds.rounded())) s"
    guard !missing.isEmpty else { return "all ranks wait for one another for \(time), at \(activity)" }
    let shown = missing.prefix(8).map { "rank \($0.rank) on host \($0.host)" }.joined(separator: ", ")
    let more = missing.count > 8 ? " and \(missing.count - 8) more" : ""
    return "\(shown)\(more) \(missing.count == 1 ? "has" : "have") not arrived for \(time), at \(activity)"
  }
}

/// Finds out which ranks do not arrive where others wait for them.
///
/// It runs inside the wait, on the thread that waits anyway, and only after a second of waiting: a run in which all
/// ranks arrive pays nothing. A rank that has waited for long calls the others; a rank that also waits answers; a rank
/// that does not answer is computing, stopped, or dead. The lowest of the ranks that wait speaks for them.
final class StallWatch {
  /// The seconds after which a waiting rank listens to calls.
  static let attention = 1.0
  /// The seconds that a rank waits for answers to its call.
  private static let patience = 2.0
  private static let (callTag, answerTag, endTag): (Int32, Int32, Int32) = (0, 1, 2)

  private let limits: StallLimits
  private let rank: Int
  private let hosts: [String]
  private let communicator: MPI_Comm
  private let report: (Stall) -> Void
  /// Whether a thread is looking after the state; another thread that also waits need not.
  private let isBusy = Atomic(false)
  private var state = State()

  private struct State {
    /// The wait that the rest of the state belongs to, by its start; -1 before the first.
    var start = -1
    /// The number of this rank's latest call, counted over all waits: an answer to an earlier call says nothing.
    var round: Int64 = 0
    var calledAt: Double?
    var answered: Set<Int> = []
    var hasWarned = false
    var calledBeforeLimit = false
    /// Whether another rank has said that the job ends, so that this one need not.
    var isOver = false
    /// The memory that MPI sends the messages from. It is never freed, because no rank waits until they have been
    /// taken.
    var sent: [UnsafeMutablePointer<Int64>] = []
  }

  init(_ limits: StallLimits, rank: Int, hosts: [String], communicator: MPI_Comm, report: @escaping (Stall) -> Void) {
    self.limits = limits
    self.rank = rank
    self.hosts = hosts
    self.communicator = communicator
    self.report = report
  }

  /// Answers and makes calls. A rank calls this again and again while it has waited since `start` (any number that
  /// tells waits apart) for `waited` seconds.
  func attend(start: Int, waited: Double, activity: Activity) throws(MPIError) {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return }
    defer { isBusy.store(false, ordering: .releasing) }
    try attend(&state, start: start, waited: waited, activity: activity)
  }

  private func attend(_ state: inout State, start: Int, waited: Double, activity: Activity) throws(MPIError) {
    if state.start != start {
      state.start = start
      (state.calledAt, state.hasWarned, state.calledBeforeLimit) = (nil, false, false)
    }
    while let (source, round) = try receive(Self.callTag) { try send(round, to: source, Self.answerTag, &state) }
    while let (source, round) = try receive(Self.answerTag) {
      if round == state.round { state.answered.insert(source) }
    }
    while try receive(Self.endTag) != nil { state.isOver = true }
    if state.isOver { return }
    let limit = limits.limit.flatMap { isTraced() ? nil : $0 }
    let warningIsDue = waited >= limits.warning && !state.hasWarned
    let limitIsNear = limit.map { waited >= $0 - Self.patience } ?? false
    if state.calledAt == nil, warningIsDue || (limitIsNear && !state.calledBeforeLimit) {
      try call(&state)
      state.calledAt = waited
      if limitIsNear { state.calledBeforeLimit = true }
    }
    guard let calledAt = state.calledAt, waited >= calledAt + Self.patience else { return }
    state.calledAt = nil
    let present = state.answered.union([rank])
    let missing = hosts.indices.filter { !present.contains($0) }.map { (rank: $0, host: hosts[$0]) }
    let isFinal = state.calledBeforeLimit && limit.map { waited >= $0 } ?? false
    state.hasWarned = true
    // If the lowest of the waiting ranks fails to speak at the end, the others do so a while later.
    if present.min() == rank || (isFinal && waited >= (limit ?? .infinity) + 30) {
      if isFinal {
        for other in hosts.indices where other != rank { try send(0, to: other, Self.endTag, &state) }
      }
      report(Stall(missing: missing, seconds: waited, activity: activity, isFinal: isFinal))
    }
    if isFinal { state.calledBeforeLimit = false }
  }

  private func call(_ state: inout State) throws(MPIError) {
    state.round += 1
    state.answered = []
    for other in hosts.indices where other != rank { try send(state.round, to: other, Self.callTag, &state) }
  }

  private func send(_ round: Int64, to other: Int, _ tag: Int32, _ state: inout State) throws(MPIError) {
    let message = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
    message.initialize(to: round)
    state.sent.append(message)
    var request = mpi_request_null()
    try check(mpi_isend(message, 1, mpi_int64(), Int32(other), tag, communicator, &request), "MPI_Isend")
    try check(mpi_request_free(&request), "MPI_Request_free")
  }

  private func receive(_ tag: Int32) throws(MPIError) -> (source: Int, round: Int64)? {
    var (isThere, status) = (Int32(0), MPI_Status())
    try check(MPI_Iprobe(mpi_any_source(), tag, communicator, &isThere, &status), "MPI_Iprobe")
    guard isThere != 0 else { return nil }
    var round: Int64 = 0
    let source = status.MPI_SOURCE
    try check(MPI_Recv(&round, 1, mpi_int64(), source, tag, communicator, mpi_status_ignore()), "MPI_Recv")
    return (Int(source), round)
  }
}

/// Whether a debugger holds this process, which is then a good reason for the wait.
func isTraced() -> Bool {
  processStatus("TracerPid").flatMap { Int($0) } ?? 0 != 0
}

extension World {
  /// Starts to watch for ranks that do not arrive where this one waits, and tells of them by `report`. All ranks call
  /// it, once.
  ///
  /// `report` is called on the thread that waits, and on one rank at a time; where a stall is final it should end the
  /// job.
  public func watchForStalls(_ limits: StallLimits, report: @escaping (Stall) -> Void) throws(MPIError) {
    guard size > 1, watch == nil else { return }
    let copy = try duplicate(communicator)
    watch = StallWatch(limits, rank: rank, hosts: hostNames, communicator: copy, report: report)
  }
}
