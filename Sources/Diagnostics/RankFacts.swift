import Communication
import Foundation
import Kernels
import System

/// The facts that one rank knows of itself, its program and its host.
///
/// Its properties are many because each is a key of the flat object that `doctor --json` prints for a rank.
public struct RankFacts: Equatable, Sendable, Codable {
  public var rank: Int
  public var host: String
  /// The number of ranks on the host.
  public var localRanks: Int
  /// The processors that the rank may run on, as a list such as "0-3,8".
  public var allowedProcessors: String
  /// The number of processors that the host has.
  public var hostProcessors: Int
  /// The number of processors that the host's ranks may run on, all together.
  public var localProcessors: Int
  /// The number of cores that they can keep busy, all together: the hardware threads of a core count once, and the
  /// limits of control groups count too.
  public var localCores: Int
  /// The number of cores that the rank may run on.
  public var allowedCores: Int
  /// The number of NUMA domains that these are in.
  public var allowedDomains = 1
  /// The number of processors that the rank could run on if it were not bound.
  public var reachableProcessors: Int
  /// The number of their cores.
  public var reachableCores: Int
  /// The number of NUMA domains that these are in.
  public var reachableDomains = 1
  /// The number of cores that the lowest limit of the rank's control groups allows to all processes there; nil where
  /// there is no limit.
  public var cpuQuota: Double?
  /// The number of threads that the rank will have.
  public var threads: Int
  /// The processor's name; empty where the system does not say.
  public var processor: String
  /// The level of x86-64 that the program is built for.
  public var level: ProcessorLevel
  /// The bits of the `InstructionSets` that the program is built for.
  public var builtFor: UInt32
  /// The bits of the `InstructionSets` that the processor has.
  public var hasInstructions: UInt32
  public var blasKernel: String
  public var blasThreads: Int
  /// The bytes that are free in /dev/shm, where the ranks of a host pass messages; nil where the system does not say.
  public var sharedMemory: Int?
  /// The SHA-256 of the program's file; empty where it cannot be read.
  public var program: String
  /// Whether the data set's folder is there.
  public var hasData: Bool
  /// The devices of fast networks, such as "mlx5_0".
  public var fastDevices: [String]
  /// The network interfaces that containers make alike on every host.
  public var bridges: [String]
  /// The part of the MPI library that moves messages, such as "ob1" or "ucx".
  public var messageLayer: String
  /// The transports below the message layer, such as "tcp".
  public var carriers: [String]

  package init(
    rank: Int, host: String, localRanks: Int, allowedProcessors: String, hostProcessors: Int, localProcessors: Int,
    localCores: Int, allowedCores: Int, cpuQuota: Double?, threads: Int, processor: String, level: ProcessorLevel,
    builtFor: UInt32,
    hasInstructions: UInt32, blasKernel: String, blasThreads: Int, program: String,
    hasData: Bool, fastDevices: [String], bridges: [String], messageLayer: String, carriers: [String]
  ) {
    self.rank = rank
    self.host = host
    self.localRanks = localRanks
    self.allowedProcessors = allowedProcessors
    self.hostProcessors = hostProcessors
    self.localProcessors = localProcessors
    self.localCores = localCores
    self.allowedCores = allowedCores
    (reachableProcessors, reachableCores) = (localProcessors, localCores)
    self.cpuQuota = cpuQuota
    self.threads = threads
    self.processor = processor
    self.level = level
    self.builtFor = builtFor
    self.hasInstructions = hasInstructions
    self.blasKernel = blasKernel
    self.blasThreads = blasThreads
    self.program = program
    self.hasData = hasData
    self.fastDevices = fastDevices
    self.bridges = bridges
    self.messageLayer = messageLayer
    self.carriers = carriers
  }

  /// Collects this rank's facts.
  ///
  /// - Parameters:
  ///   - threads: the number of threads that each rank is to have; nil to let the environment and the cores decide.
  ///   - dataDirectory: the path of the data, which is looked for and not read.
  public init(world: World, threads asked: Int?, dataDirectory: String) {
    let place = world.localPlaces[world.localRank]
    rank = world.rank
    host = world.hostName
    localRanks = world.localSize
    allowedProcessors = processStatus("Cpus_allowed_list") ?? ""
    hostProcessors = ProcessInfo.processInfo.processorCount
    localProcessors = world.localProcessors
    localCores = world.localCores
    allowedCores = place.cores.count
    let reachable = System.reachableProcessors() ?? place.processors
    let topology = Topology(around: reachable)
    allowedDomains = topology.domainCount(of: place.processors)
    reachableProcessors = reachable.count
    reachableCores = topology.cores(of: reachable).count
    reachableDomains = topology.domainCount(of: reachable)
    cpuQuota = place.quotas.map(\.cores).min()
    threads = world.threads(asked: asked).count
    processor = processorName()
    level = .compiledFor
    builtFor = InstructionSets.compiledFor.rawValue
    hasInstructions = InstructionSets.ofProcessor.rawValue
    blasKernel = MatrixLibrary.kernelName
    blasThreads = MatrixLibrary.threadCount
    sharedMemory = SharedMemory.free
    program = programDigest()
    hasData = FileSystem.exists(dataDirectory)
    fastDevices = Self.names(in: "/sys/class/infiniband") + Self.names(in: "/sys/class/hfi1")
    bridges = Self.names(in: "/sys/class/net").filter { $0.hasPrefix("docker") || $0.hasPrefix("virbr") }
    let transports = world.transports()
    messageLayer = transports.layer
    carriers = transports.carriers
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileSystem.names(in: folder)) ?? []).sorted()
  }
}
