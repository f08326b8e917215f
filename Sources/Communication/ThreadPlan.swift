import Foundation
import System

/// The numbers of threads of all ranks of a run.
public struct ThreadPlan: Equatable, Sendable, CustomStringConvertible {
  /// The threads of each rank.
  public var ranks: [RankThreads]
  /// The warnings for a person before the run: about values of the environment that are ignored, and about threads
  /// that are left out because they have no processor.
  public var warnings: [ThreadWarning]

  /// - Parameters:
  ///   - hosts: the host of each rank.
  ///   - warnings: each rank's own warnings; equal ones are kept once.
  package init(_ ranks: [RankThreads], hosts: [String], warnings: [[ThreadWarning]]) {
    self.ranks = ranks
    var kept: [ThreadWarning] = []
    for warning in warnings.flatMap(\.self) where !kept.contains(warning) { kept.append(warning) }
    let crowded = ranks.indices.filter { ranks[$0].surplus > 0 }
    if let first = crowded.first {
      let (threads, room) = (ranks[first].count, ranks[first].processors)
      let others =
        crowded.count == 1 ? "" : " (and \((crowded.count - 1).counted("other rank")) likewise)"
      kept.append(
        ThreadWarning(
          "rank \(first) on host \(hosts[first])\(others) was to have "
            + "\((threads + ranks[first].surplus).counted("thread")), and its share of the host is "
            + "\(room.counted("processor")): it computes with \(threads)",
          advice: "Leave --threads out, or give at most \(ranks.map(\.processors).min() ?? 1)"))
    }
    self.warnings = kept
  }

  /// The plan of a process that runs without MPI.
  ///
  /// - Parameter asked: the number of threads that it is to have; nil to let the environment and the cores decide.
  public init(ofThisProcess asked: Int?) {
    let place = RankPlace()
    self.init(
      RankThreads.divide([place], asked: asked), hosts: [ProcessInfo.processInfo.hostName],
      warnings: [asked == nil ? place.warnings : []])
  }

  /// A text such as "4 × 16 threads, a NUMA domain each". The reason is left out where ranks have different ones.
  public var description: String {
    let counts = ranks.map(\.count)
    let (least, most) = (counts.min() ?? 1, counts.max() ?? 1)
    let number = least == most ? "\(most)" : "\(least) to \(most)"
    let reason = ranks.first.map(\.reason)
    return "\(ranks.count) × \(number) \(most.verb("thread", "threads"))"
      + (ranks.allSatisfy { $0.reason == reason } ? reason?.words(ranks: ranks.count) ?? "" : "")
  }
}

extension World {
  /// Returns the threads of this rank.
  ///
  /// - Parameter asked: the number that each rank is to have; nil to let the environment and the cores decide.
  public func threads(asked: Int? = nil) -> RankThreads {
    RankThreads.divide(localPlaces, asked: asked)[localRank]
  }

  /// Returns the threads of all ranks. All ranks call it, and all get the same plan.
  ///
  /// - Parameter asked: the number that each rank is to have; nil to let the environment and the cores decide.
  public func threadPlan(asked: Int? = nil) throws -> ThreadPlan {
    let own = localPlaces[localRank]
    return ThreadPlan(
      try allgather(threads(asked: asked)), hosts: hostNames,
      warnings: try allgather(asked == nil ? own.warnings : []))
  }

  /// Returns the plan with the threads that the system really started, and a warning where they are fewer. All ranks
  /// call it, and all get the same plan.
  ///
  /// - Parameters:
  ///   - count: the number of threads that this rank has.
  ///   - shortfall: the reason why there are no more; nil where there are as many as planned.
  public func started(_ plan: ThreadPlan, count: Int, shortfall: ThreadError?) throws -> ThreadPlan {
    let counts = try allgather(count)
    let reasons = try allgather(shortfall.map(\.reason) ?? "")
    var plan = plan
    let short = counts.indices.filter { counts[$0] < plan.ranks[$0].count }
    if let first = short.first {
      let others =
        short.count == 1 ? "" : " (and \((short.count - 1).counted("other rank")) likewise)"
      plan.warnings.append(
        ThreadWarning(
          "rank \(first) on host \(hostNames[first])\(others) was to have "
            + "\(plan.ranks[first].count.counted("thread")), and the system started "
            + "\(counts[first]): \(reasons[first])",
          advice:
            "These do the work. Raise the limit of processes (ulimit -u, the cgroup's pids.max), or ask for "
            + "fewer threads (--threads)"))
    }
    for rank in plan.ranks.indices { plan.ranks[rank].count = counts[rank] }
    return plan
  }
}
