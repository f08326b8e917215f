import Foundation
import System

/// The processors that a rank may use, and the limits on how many it uses at once.
public struct RankPlace: Equatable, Sendable, Codable {
  /// The processors of the rank's affinity mask.
  public var processors: Set<Int>
  /// Their cores, each by the number of its lowest hardware thread.
  public var cores: Set<Int>
  /// The part of the host that they make up.
  public var part: Topology.Place
  /// The limits of the control groups that the rank is in.
  public var quotas: [ProcessorQuota]
  /// The number of threads that the user asks for in the rank's environment.
  public var limit: ThreadLimit?
  /// The warnings about values of the environment that are ignored.
  public var warnings: [ThreadWarning]

  package init(
    processors: Set<Int>, cores: Set<Int>, part: Topology.Place, quotas: [ProcessorQuota] = [],
    limit: ThreadLimit? = nil, warnings: [ThreadWarning] = []
  ) {
    self.processors = processors
    self.cores = cores
    self.part = part
    self.quotas = quotas
    self.limit = limit
    self.warnings = warnings
  }

  /// Reads the place of this process.
  ///
  /// - Parameters:
  ///   - mask: the processors that it may run on; where no bit is set, all of the machine.
  ///   - root: the folder in which `sys` and `proc` lie; empty for the machine's own.
  public init(
    mask: [UInt8] = affinityMask(), environment: [String: String] = ProcessInfo.processInfo.environment,
    root: String = ""
  ) {
    let allowed = System.processors(ofMask: mask)
    processors = allowed.isEmpty ? Set(0..<max(1, onlineProcessors())) : allowed
    let topology = Topology(around: processors, root: root)
    cores = topology.cores(of: processors)
    part = topology.place(of: processors)
    quotas = ProcessorQuota.ofThisProcess(root: root)
    (limit, warnings) = ThreadLimit.read(environment)
  }
}

extension World {
  /// Returns the places of the ranks that share this rank's machine, in their order there. All ranks call it.
  func gatherLocalPlaces(own: RankPlace) throws(MPIError) -> [RankPlace] {
    guard let bytes = try? JSONEncoder().encode(own) else {
      preconditionFailure("whole and finite numbers and texts are always JSON")
    }
    let all = try allgather(Array(bytes))
    // A rank of another build, whose bytes may mean something else, is refused when hosts are compared.
    return nodes.indices.filter { nodes[$0] == nodes[rank] }.map {
      (try? JSONDecoder().decode(RankPlace.self, from: Data(all[$0]))) ?? own
    }
  }
}
