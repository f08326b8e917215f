/// The cores, NUMA domains and sockets of a machine, as Linux tells them under /sys, around the processors that a
/// process may use.
///
/// A core with several hardware threads (SMT) is several processors to Linux, its *siblings*. They share the core's
/// arithmetic units, which one thread of a dense kernel fills.
public struct Topology: Equatable, Sendable {
  /// The part of a machine that a set of processors makes up.
  public enum Place: String, Codable, Sendable {
    /// The processors are siblings of one core.
    case core
    /// They reach all cores of a NUMA domain.
    case domain
    /// They reach all cores of a socket that has several NUMA domains.
    case socket
    /// They reach all cores of the machine.
    case host
    /// They reach some cores, which are no such part.
    case cores
  }

  /// The lowest sibling of each processor, which names its core.
  private var coreNames: [Int: Int] = [:]
  /// The processors that are switched on.
  private let online: Set<Int>
  private var domains: [Set<Int>] = []
  private var sockets: [Set<Int>] = []

  /// Reads the parts of the machine that the processors belong to. A processor without a file is a core of its own.
  ///
  /// - Parameter root: the folder in which `sys` lies; empty for the machine's own.
  public init(around processors: Set<Int>, root: String = "") {
    let folder = "\(root)/sys/devices/system"
    func list(_ paths: [String]) -> Set<Int>? {
      paths.lazy.compactMap { FileSystem.kernelText("\(folder)/\($0)") }.first.flatMap {
        System.processors(ofList: $0)
      }
    }
    online = list(["cpu/online"]) ?? processors
    for processor in processors.sorted() where coreNames[processor] == nil {
      let files = "cpu/cpu\(processor)/topology"
      // Linux before 5.1 has only the second name of each.
      let found = list(["\(files)/core_cpus_list", "\(files)/thread_siblings_list"]) ?? []
      let siblings = found.contains(processor) ? found : [processor]
      let name = siblings.min() ?? processor
      for sibling in siblings { coreNames[sibling] = name }
      guard !sockets.contains(where: { $0.contains(processor) }),
        let socket = list(["\(files)/package_cpus_list", "\(files)/core_siblings_list"])
      else { continue }
      sockets.append(socket)
    }
    let names = (try? FileSystem.names(in: "\(folder)/node")) ?? []
    for name in names.sorted() where name.hasPrefix("node") && Int(name.dropFirst(4)) != nil {
      // A domain may have memory only, and then an empty list.
      if let domain = list(["node/\(name)/cpulist"]) { domains.append(domain) }
    }
  }

  /// Returns the cores of processors that the topology was read around, each by the number of its lowest sibling.
  public func cores(of processors: Set<Int>) -> Set<Int> { Set(processors.map { coreNames[$0] ?? $0 }) }

  /// Returns the number of NUMA domains that have some of the processors; 1 where the system does not tell.
  public func domainCount(of processors: Set<Int>) -> Int {
    max(1, domains.count { !$0.isDisjoint(with: processors) })
  }

  /// Returns the part of the machine that the processors make up. One sibling of a core stands for the core.
  public func place(of processors: Set<Int>) -> Place {
    let cores = cores(of: processors)
    if cores.count == 1 { return .core }
    let reached = Set(coreNames.filter { cores.contains($0.value) }.keys).intersection(online)
    if reached == online { return .host }
    if domains.contains(where: { $0.intersection(online) == reached }) { return .domain }
    if sockets.contains(where: { $0.intersection(online) == reached }) { return .socket }
    return .cores
  }
}
