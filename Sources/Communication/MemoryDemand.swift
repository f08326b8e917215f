import System

/// The memory that the ranks of a host are about to take, beside what is left there.
public struct MemoryDemand: Codable, Equatable, Sendable {
  public var host: String
  public var ranks: Int
  /// The bytes that the ranks will take in addition to those that they have.
  public var bytes: Int
  /// The memory that is left; nil where the system does not say.
  public var left: HostMemory?

  public init(host: String, ranks: Int, bytes: Int, left: HostMemory?) {
    self.host = host
    self.ranks = ranks
    self.bytes = bytes
    self.left = left
  }

  /// Whether the host cannot give it.
  public var isTooMuch: Bool { left.map { bytes > $0.available } ?? false }
  /// Whether the host can give it, and has little left then.
  public var isTight: Bool { left.map { !isTooMuch && Double(bytes) > 0.9 * Double($0.available) } ?? false }

  /// A sentence with the numbers and what can be done.
  public var text: String {
    guard let left else { return "host \(host): \(ranks.counted("rank")) will take \(byteText(bytes)) of memory" }
    let limit = left.isLimitedByGroup ? "that the control group (cgroup) allows" : "that the host has"
    return "host \(host): expected \(byteText(bytes)) of memory for \(ranks.counted("rank")), found "
      + "\(byteText(left.available)) left of \(byteText(left.total)) \(limit): give each rank more threads and start "
      + "fewer ranks, take a smaller mini-batch (--batch) or more hosts"
  }
}

extension World {
  /// Compares what the ranks of each host are about to take with what is left there. All ranks call it, before they
  /// touch the memory.
  ///
  /// - Parameter bytes: the bytes that this rank will take.
  /// - Returns: the hosts' demands, in the order of their first ranks.
  /// - Throws: `RankFailure` on all ranks where a host cannot give it; `MPIError`.
  public func checkMemory(bytes: Int) throws -> [MemoryDemand] {
    let own = try allgather(MemoryDemand(host: hostName, ranks: 1, bytes: bytes, left: HostMemory.now()))
    let demands = hosts.map { host in
      let demands = host.ranks.map { own[$0] }
      // Control groups of ranks may differ: the one with the least left counts.
      let left = demands.compactMap(\.left).min { $0.available < $1.available }
      return MemoryDemand(
        host: host.name, ranks: demands.count, bytes: demands.reduce(0) { $0 + $1.bytes }, left: left)
    }
    if let demand = demands.first(where: \.isTooMuch) {
      throw RankFailure(allRanks: size, demand.text, exitStatus: .unavailable)
    }
    return demands
  }
}
