import System
import TestSupport
import Testing

/// Machines laid out as Linux shows them under /sys.
@Suite struct TopologyTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ text: String, _ path: String) throws {
    try folder.write(Array("\(text)\n".utf8), to: "sys/devices/system/\(path)")
  }

  /// Lays out a machine whose hardware thread t of core c is processor c + t · cores.
  private func layOut(
    cores: Int, threads: Int, socketsOf coresOfSocket: Int, domainsOf coresOfDomain: Int, older: Bool = false
  ) throws {
    func list(_ cores: some Sequence<Int>, of all: Int) -> String {
      cores.flatMap { core in (0..<threads).map { core + $0 * all } }.sorted().map { "\($0)" }.joined(separator: ",")
    }
    try write("0-\(cores * threads - 1)", "cpu/online")
    for processor in 0..<cores * threads {
      let core = processor % cores
      let socket = core / coresOfSocket * coresOfSocket
      let files = "cpu/cpu\(processor)/topology"
      try write(list([core], of: cores), "\(files)/\(older ? "thread_siblings_list" : "core_cpus_list")")
      try write(
        list(socket..<socket + coresOfSocket, of: cores),
        "\(files)/\(older ? "core_siblings_list" : "package_cpus_list")")
    }
    for first in stride(from: 0, to: cores, by: coresOfDomain) {
      try write(list(first..<first + coresOfDomain, of: cores), "node/node\(first / coresOfDomain)/cpulist")
    }
    // Memory without processors, and files beside the domains.
    try write("", "node/node99/cpulist")
    try write("0", "node/possible")
  }

  private func place(_ processors: Set<Int>) -> Topology.Place {
    Topology(around: processors, root: folder.path).place(of: processors)
  }

  private func cores(_ processors: Set<Int>) -> Set<Int> {
    Topology(around: processors, root: folder.path).cores(of: processors)
  }

  @Test(arguments: [false, true]) func siblingsCountOnce(older: Bool) throws {
    try layOut(cores: 4, threads: 2, socketsOf: 4, domainsOf: 4, older: older)
    #expect(cores(Set(0..<8)) == [0, 1, 2, 3])
    #expect(cores([0, 4]) == [0] && cores([4]) == [0] && cores([0, 5]) == [0, 1])
  }

  @Test func oneThreadACore() throws {
    try layOut(cores: 4, threads: 1, socketsOf: 4, domainsOf: 4)
    #expect(cores(Set(0..<4)) == [0, 1, 2, 3] && cores([3]) == [3])
    #expect(place(Set(0..<4)) == .host && place([2]) == .core && place([1, 2]) == .cores)
  }

  @Test func partsOfAHost() throws {
    // Two sockets of two domains of four cores of two threads.
    try layOut(cores: 16, threads: 2, socketsOf: 8, domainsOf: 4)
    #expect(place(Set(0..<32)) == .host && place(Set(0..<16)) == .host, "one thread of each core reaches all")
    #expect(place(Set(8..<16).union(24..<32)) == .socket && place(Set(0..<8)) == .socket)
    #expect(place([4, 5, 6, 7, 20, 21, 22, 23]) == .domain && place([12, 13, 30, 31]) == .domain)
    #expect(place([3, 19]) == .core && place([19]) == .core)
    #expect(place([3, 4]) == .cores && place(Set(0..<12)) == .cores)
  }

  @Test func aSocketThatIsOneDomainIsADomain() throws {
    try layOut(cores: 8, threads: 1, socketsOf: 4, domainsOf: 4)
    #expect(place([4, 5, 6, 7]) == .domain)
  }

  @Test func processorsThatAreSwitchedOffDoNotCount() throws {
    try layOut(cores: 8, threads: 1, socketsOf: 4, domainsOf: 4)
    try write("0-5", "cpu/online")
    #expect(place([4, 5]) == .domain && place(Set(0..<6)) == .host)
  }

  @Test func withoutFilesEachProcessorIsACore() {
    #expect(cores([0, 1, 7]) == [0, 1, 7])
    #expect(place([0, 1, 7]) == .host && place([7]) == .core)
  }

  /// A list that does not name the processor itself, or is none, says nothing.
  @Test(arguments: ["", "x", "5-6", "3-1"]) func senselessLists(list: String) throws {
    for processor in 0..<2 { try write(list, "cpu/cpu\(processor)/topology/core_cpus_list") }
    #expect(cores([0, 1]) == [0, 1])
  }

  @Test func thisMachine() {
    let allowed = processors(ofMask: affinityMask())
    let topology = Topology(around: allowed)
    #expect((1...max(1, allowed.count)).contains(topology.cores(of: allowed).count))
  }
}
