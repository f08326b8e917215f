import System

/// The number of threads of a rank, and the reason for it.
public struct RankThreads: Equatable, Sendable, Codable {
  /// The rule that decided.
  public enum Reason: Equatable, Sendable, Codable {
    /// The option `--threads`.
    case option
    /// A variable of the environment, which asks for fewer than there are cores.
    case variable(ThreadLimit.Variable)
    /// The limit of a control group, which is lower than the number of cores.
    case quota
    /// The cores that the rank may use: so many, and this part of its host.
    case cores(Int, Topology.Place)
    /// The rank's share of such cores, which other ranks may use as well.
    case sharedCores(Int, Topology.Place)
  }

  public var count: Int
  public var reason: Reason
  /// The number of cores for the rank, at least 1: its share of those that it may use, within the limits of its control
  /// groups. The hardware threads of one core count once.
  public var cores: Int
  /// The same with each hardware thread counted.
  public var processors: Int
  /// The number of threads that `--threads` asked for beyond those that have a processor. They are not started: they
  /// would only take turns with the others, and no result depends on the number of threads.
  public var surplus: Int

  /// Whether a thread has to share a processor with others, so that one that waits must not keep another from
  /// computing. That is so where a share that is not a whole number of processors was rounded up.
  public var takeTurns: Bool { count > processors }

  public init(count: Int, reason: Reason, cores: Int, processors: Int, surplus: Int = 0) {
    self.count = count
    self.reason = reason
    self.cores = cores
    self.processors = processors
    self.surplus = surplus
  }

  /// Divides a host among the ranks that run on it.
  ///
  /// A core that r ranks may use counts 1/r for each of them, and a limit of a control group with r ranks below it
  /// allows each 1/r of its cores. So ranks that are bound to different cores get all of their own, and ranks with the
  /// same cores equal shares. What is left of a core is rounded down.
  ///
  /// - Parameters:
  ///   - places: the places of all ranks on the host.
  ///   - asked: the number of threads that each of them is to have, as far as there are processors for them; nil to let
  ///     the environment and the cores decide.
  public static func divide(_ places: [RankPlace], asked: Int? = nil) -> [RankThreads] {
    zip(places, shares(places)).map { place, share in
      let (count, reason) = decide(place, share, asked)
      return RankThreads(
        count: count, reason: reason, cores: share.cores, processors: share.processors,
        surplus: max(0, (asked ?? count) - count))
    }
  }

  /// The number of cores that all ranks of a host can keep busy together, at least 1.
  package static func coresInUse(_ places: [RankPlace]) -> Int {
    whole(shares(places).reduce(0) { $0 + $1.exact })
  }

  private static func shares(_ places: [RankPlace]) -> [Share] {
    let users = (cores: uses(places.map(\.cores)), processors: uses(places.map(\.processors)))
    let groups = uses(places.map { Set($0.quotas.map(\.group)) })
    return places.map { Share($0, users.cores, users.processors, groups) }
  }

  private static func decide(_ place: RankPlace, _ share: Share, _ asked: Int?) -> (count: Int, reason: Reason) {
    if let asked { return (min(asked, share.mostThreads), .option) }
    if let limit = place.limit, limit.count < share.cores { return (limit.count, .variable(limit.variable)) }
    if share.isLimited { return (share.cores, .quota) }
    let reason =
      share.isShared
      ? Reason.sharedCores(place.cores.count, place.part) : Reason.cores(place.cores.count, place.part)
    return (share.cores, reason)
  }

  /// The share of a rank in its host.
  private struct Share {
    /// The cores, with parts of cores.
    let exact: Double
    let cores: Int
    let processors: Int
    /// The number of threads that can compute at once: the processors, with a part of one counted as one.
    let mostThreads: Int
    /// Whether a control group allows fewer threads than the cores do.
    let isLimited: Bool
    /// Whether other ranks may use some of the cores.
    let isShared: Bool

    init(_ place: RankPlace, _ cores: [Int: Int], _ processors: [Int: Int], _ groups: [String: Int]) {
      func part(_ numbers: Set<Int>, _ users: [Int: Int]) -> Double {
        numbers.reduce(0) { $0 + 1 / Double(users[$1] ?? 1) }
      }
      let allowed = place.quotas.map { $0.cores / Double(groups[$0.group] ?? 1) }.min() ?? .infinity
      let ownCores = part(place.cores, cores)
      exact = min(ownCores, allowed)
      self.cores = whole(exact)
      let ownProcessors = min(part(place.processors, processors), allowed)
      self.processors = max(self.cores, whole(ownProcessors))
      mostThreads = max(self.processors, Int((ownProcessors - 1e-6).rounded(.up)))
      isLimited = self.cores < whole(ownCores)
      isShared = place.cores.contains { (cores[$0] ?? 1) > 1 }
    }
  }

  /// Returns how many of the sets each of their members is in.
  private static func uses<Member: Hashable>(_ sets: [Set<Member>]) -> [Member: Int] {
    sets.reduce(into: [:]) { uses, set in for member in set { uses[member, default: 0] += 1 } }
  }
}

/// Returns a sum of parts rounded down, at least 1. The sum of three thirds may lack the last bit.
private func whole(_ sum: Double) -> Int { max(1, Int(sum + 1e-6)) }

extension RankThreads.Reason {
  /// The words that follow the number of threads in a line about `ranks` ranks.
  func words(ranks: Int) -> String {
    switch self {
    case .option: " by --threads"
    case .variable(let variable): " by \(variable.rawValue)"
    case .quota: " by the CPU quota of the cgroup"
    case .cores(_, .host) where ranks == 1: ", the whole host"
    case .cores(let count, let part): ", \(part.name(cores: count))\(ranks == 1 ? "" : " each")"
    case .sharedCores(_, .host): ", sharing the host"
    case .sharedCores(let count, let part): ", sharing \(part.name(cores: count))"
    }
  }
}

extension Topology.Place {
  /// A noun with its article, such as "a NUMA domain".
  fileprivate func name(cores: Int) -> String {
    switch self {
    case .core: "a core"
    case .domain: "a NUMA domain"
    case .socket: "a socket"
    case .host: "a host"
    case .cores: cores.counted("core")
    }
  }
}
