import Communication
import Foundation
import Kernels
import System

/// What one rank knows of itself, its program and its host.
public struct RankFacts: Equatable, Sendable, Codable {
  public var rank: Int
  public var host: String
  /// Ranks on the host.
  public var localRanks: Int
  /// Processors that the rank may run on, such as "0-3,8".
  public var allowedProcessors: String
  /// Processors that the host has.
  public var hostProcessors: Int
  /// Processors that the host's ranks may run on, all together.
  public var localProcessors: Int
  public var processor: String
  /// Bit sets of `InstructionSets`.
  public var builtFor: UInt32
  public var hasInstructions: UInt32
  public var blasKernel: String
  public var blasThreads: Int
  /// The SHA-256 of the program's file; empty where it cannot be read.
  public var program: String
  /// Whether the data set's folder is there.
  public var hasData: Bool
  /// Devices of fast networks, such as "mlx5_0".
  public var fastDevices: [String]
  /// Network interfaces that containers make alike on every host.
  public var bridges: [String]
  /// The part of the MPI library that moves messages, and its carriers.
  public var messageLayer: String
  public var carriers: [String]

  package init(
    rank: Int, host: String, localRanks: Int, allowedProcessors: String, hostProcessors: Int, localProcessors: Int,
    processor: String, builtFor: UInt32, hasInstructions: UInt32, blasKernel: String, blasThreads: Int, program: String,
    hasData: Bool, fastDevices: [String], bridges: [String], messageLayer: String, carriers: [String]
  ) {
    self.rank = rank
    self.host = host
    self.localRanks = localRanks
    self.allowedProcessors = allowedProcessors
    self.hostProcessors = hostProcessors
    self.localProcessors = localProcessors
    self.processor = processor
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

  /// This rank's. `dataDirectory` is looked for and not read.
  public init(world: World, dataDirectory: String) {
    rank = world.rank
    host = world.hostName
    localRanks = world.localSize
    allowedProcessors = processStatus("Cpus_allowed_list") ?? ""
    hostProcessors = ProcessInfo.processInfo.processorCount
    localProcessors = world.localCores
    processor = processorName()
    builtFor = InstructionSets.compiledFor.rawValue
    hasInstructions = InstructionSets.ofProcessor.rawValue
    blasKernel = MatrixLibrary.kernelName
    blasThreads = MatrixLibrary.threadCount
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

/// The processors of a list such as "0-3,8"; nil for what is no such list.
public func processors(ofList list: String) -> Set<Int>? {
  var numbers: Set<Int> = []
  for part in list.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0, first <= last,
      last < 1 << 16
    else { return nil }
    numbers.formUnion(first...last)
  }
  return numbers
}
