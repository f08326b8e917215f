import System

/// The memory that the ranks of a host are about to take, beside what is left there.
public struct MemoryDemand: Codable, Equatable, Sendable {
  public var host: String
  public var ranks: Int
  /// The bytes that the ranks will take in addition to those that they have.
  public var bytes: Int
  /// The bytes that they have.
  public var resident: Int
  /// The memory that is left; nil where the system does not say.
  public var left: HostMemory?

  public init(host: String, ranks: Int, bytes: Int, resident: Int, left: HostMemory?) {
    self.host = host
    self.ranks = ranks
    self.bytes = bytes
    self.resident = resident
    self.left = left
  }

  /// The demand of this process.
  public static func ofThisProcess(host: String, bytes: Int) -> MemoryDemand {
    MemoryDemand(host: host, ranks: 1, bytes: bytes, resident: ProcessMemory.resident, left: HostMemory.now())
  }

  /// The bytes that the ranks will have at most.
  public var peak: Int { resident + bytes }

  /// Throws `Refusal` where the host cannot give it.
  public func check() throws(Refusal) {
    if isTooMuch { throw Refusal(.unavailable, text) }
  }

  /// Whether the host cannot give it.
  public var isTooMuch: Bool { left.map { bytes > $0.available } ?? false }
  /// Whether the host can give it, and has little left then.
  public var isTight: Bool { left.map { !isTooMuch && Double(bytes) > 0.9 * Double($0.available) } ?? false }

  /// A sentence with the numbers and what can be done.
  public var text: String { left == nil ? problem : "\(problem): \(Self.advice.lowercasedStart)" }

  /// The numbers in words.
  public var problem: String {
    guard let left else { return "host \(host): \(ranks.counted("rank")) will take \(byteText(bytes)) of memory" }
    let limit = left.isLimitedByGroup ? "that the control group (cgroup) allows" : "that the host has"
    return "host \(host): expected \(byteText(bytes)) of memory for \(ranks.counted("rank")), found "
      + "\(byteText(left.available)) left of \(byteText(left.total)) \(limit)"
  }

  /// The advice where the memory is not enough.
  public static let advice =
    "Give each rank more threads and start fewer ranks, take a smaller mini-batch (--batch) or more hosts"
}

extension String {
  /// The text with a small letter at its start.
  fileprivate var lowercasedStart: String { prefix(1).lowercased() + dropFirst() }
}

extension World {
  /// Returns what the ranks of each host are about to take, in the order of the hosts' first ranks. All ranks call it,
  /// before they touch the memory.
  ///
  /// - Parameter bytes: the bytes that this rank will take.
  public func memoryDemands(bytes: Int) throws -> [MemoryDemand] {
    let own = try allgather(MemoryDemand.ofThisProcess(host: hostName, bytes: bytes))
    return hosts.map { host in
      let demands = host.ranks.map { own[$0] }
      // Control groups of ranks may differ: the one with the least left counts.
      let left = demands.compactMap(\.left).min { $0.available < $1.available }
      return MemoryDemand(
        host: host.name, ranks: demands.count, bytes: demands.reduce(0) { $0 + $1.bytes },
        resident: demands.reduce(0) { $0 + $1.resident }, left: left)
    }
  }

  /// Compares what the ranks of each host are about to take with what is left there. All ranks call it, before they
  /// touch the memory.
  ///
  /// - Parameter bytes: the bytes that this rank will take.
  /// - Returns: the hosts' demands, in the order of their first ranks.
  /// - Throws: `RankFailure` on all ranks where a host cannot give it; `MPIError`.
  public func checkMemory(bytes: Int) throws -> [MemoryDemand] {
    let demands = try memoryDemands(bytes: bytes)
    if let demand = demands.first(where: \.isTooMuch) {
      throw RankFailure(allRanks: size, demand.text, exitStatus: .unavailable)
    }
    return demands
  }
}
