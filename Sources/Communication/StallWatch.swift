import CMPI
import Glibc
import Synchronization
import System

/// What this rank is about, for a message about one that has not come so far.
public struct Activity: Sendable, CustomStringConvertible {
  public let name: StaticString
  public let number: Int?

  public init(_ name: StaticString, _ number: Int? = nil) {
    self.name = name
    self.number = number
  }

  public var description: String { number.map { "\(name) \($0)" } ?? "\(name)" }
}

/// How long a rank waits for others before it says so, and before the job ends.
public struct StallLimits: Sendable {
  /// Seconds.
  public var warning: Double
  /// Seconds; nil: never.
  public var limit: Double?

  public init(warning: Double = 60, limit: Double? = 600) {
    self.warning = warning
    self.limit = limit
  }
}

/// Ranks that others wait for.
public struct Stall: Sendable, CustomStringConvertible {
  /// Those that did not answer, with their hosts; empty where all ranks wait, each for something else.
  public let missing: [(rank: Int, host: String)]
  /// How long this rank has waited, in seconds.
  public let seconds: Double
  /// What this rank is about.
  public let activity: Activity
  /// Whether the limit is reached: the job should end.
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
/// It runs inside the wait, on the thread that waits anyway, and only after a second of it: a run in which all ranks
/// come pays nothing. Who has waited for long calls the others; who waits too answers; who does not answer is computing,
/// stopped, or dead. Of those that wait the lowest rank speaks.
final class StallWatch {
  /// A rank that has waited for so long listens to calls, in seconds.
  static let attention = 1.0
  /// For answers, in seconds.
  private static let patience = 2.0
  private static let (callTag, answerTag, endTag): (Int32, Int32, Int32) = (0, 1, 2)

  private let limits: StallLimits
  private let rank: Int
  private let hosts: [String]
  private let communicator: MPI_Comm
  private let report: (Stall) -> Void
  /// One thread at a time looks after the state; another that waits as well need not.
  private let isBusy = Atomic(false)
  private var state = State()

  private struct State {
    /// Which wait this is about.
    var start = -1
    /// Of this rank's calls, over all waits: an answer to an earlier one says nothing.
    var round: Int64 = 0
    var calledAt: Double?
    var answered: Set<Int> = []
    var hasWarned = false
    var calledBeforeLimit = false
    /// Another rank has said that the job ends: no need to say so again.
    var isOver = false
    /// Where MPI takes the messages from; they stay, because nobody waits for them to be taken.
    var sent: [UnsafeMutablePointer<Int64>] = []
  }

  init(_ limits: StallLimits, rank: Int, hosts: [String], communicator: MPI_Comm, report: @escaping (Stall) -> Void) {
    self.limits = limits
    self.rank = rank
    self.hosts = hosts
    self.communicator = communicator
    self.report = report
  }

  /// To be called again and again by a rank that has waited since `start` (any number that tells waits apart) for
  /// `waited` seconds.
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
    // Should the lowest of those that wait fail to speak at the end, the others do so a while later.
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
    var request: MPI_Request?
    try check(MPI_Isend(message, 1, mpi_int64(), Int32(other), tag, communicator, &request), "MPI_Isend")
    try check(MPI_Request_free(&request), "MPI_Request_free")
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

/// Whether a debugger holds this process: then whoever waits has a reason.
private func isTraced() -> Bool {
  processStatus("TracerPid").flatMap { Int($0) } ?? 0 != 0
}

extension World {
  /// From here on tells by `report` which ranks do not arrive where this one waits. All ranks call it, once.
  ///
  /// `report` is called on the thread that waits, on one rank at a time; where a stall is final it should end the job.
  public func watchForStalls(_ limits: StallLimits, report: @escaping (Stall) -> Void) throws(MPIError) {
    guard size > 1, watch == nil else { return }
    var copy: MPI_Comm?
    try check(MPI_Comm_dup(communicator, &copy), "MPI_Comm_dup")
    watch = StallWatch(limits, rank: rank, hosts: hostNames, communicator: copy!, report: report)
  }
}
