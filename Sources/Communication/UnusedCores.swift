import System

/// Cores of a host that its ranks leave to nobody, because they are bound to others.
public struct UnusedCores: Equatable, Sendable {
  /// The number of cores that the host's ranks may run on, all together.
  public var used: Int
  /// The number of cores that they could run on if they were not bound.
  public var reachable: Int

  public init(used: Int, reachable: Int) {
    self.used = used
    self.reachable = reachable
  }
}

extension World {
  /// The cores of this rank's host that its ranks leave idle because they are bound; nil where they leave none, or
  /// where a quota allows no more.
  public var unusedCores: UnusedCores? {
    guard let reachable = reachableProcessors(), localProcessors < reachable.count else { return nil }
    let cores = Topology(around: reachable).cores(of: reachable).count
    let quota = localPlaces[localRank].quotas.map(\.cores).min() ?? .infinity
    guard localCores < cores, quota >= Double(cores) else { return nil }
    return UnusedCores(used: localCores, reachable: cores)
  }
}
