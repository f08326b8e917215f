import Communication
import Foundation
import HDF5
import Kernels
import System
import SystemPackage

/// The findings about hosts, ranks, networks and the run folder, with the measurements behind them.
public struct DoctorReport: Equatable, Sendable, Codable {
  public var mpiVersion: String
  public var hdf5Version: String
  /// The environment's setting for HDF5's locks; nil where it has none.
  public var hdf5FileLocking: String?
  public var ranks: [RankFacts]
  /// The ranks' threads and the reason for their number, such as "4 × 16 threads, a NUMA domain each".
  public var threads = ""
  public var folder: FolderProbe?
  /// The number of bytes that a run's checkpoints may take.
  public var checkpointBytes = 0
  /// The memory that training would take on each host.
  public var memory: [MemoryDemand] = []
  public var links: [LinkMeasurement] = []
  public var clocks: [ClockMeasurement] = []
  public var allreduce: [AllreduceMeasurement] = []
  public var findings: [Finding] = []

  /// Whether something must be fixed before training.
  public var hasProblem: Bool { findings.contains { $0.severity == .problem } }
}

/// Examines what a run depends on. Every rank makes one and calls `examine`.
public struct Doctor {
  /// The needs of a run.
  public struct Requirements: Sendable {
    public var runFolder: String
    public var dataDirectory: String
    /// The number of threads of each rank; nil where the environment and the cores decide.
    public var threads: Int?
    /// The number of leaves of a mini-batch, a power of two: 1, 2, 4 … as many ranks get the same bits.
    public var leaves: Int
    /// The number of images of a mini-batch; nil where it is not known.
    public var images: Int?
    /// The number of bytes of all checkpoints that are there at once.
    public var checkpointBytes: Int
    /// The number of floats that are added over all ranks in a step.
    public var gradientCount: Int
    /// The memory that training would take on each host, as all ranks have told it; empty where it is not known.
    public var memory: [MemoryDemand] = []

    public init(
      runFolder: String, dataDirectory: String, threads: Int?, leaves: Int, checkpointBytes: Int, gradientCount: Int
    ) {
      self.runFolder = runFolder
      self.dataDirectory = dataDirectory
      self.threads = threads
      self.leaves = leaves
      self.checkpointBytes = checkpointBytes
      self.gradientCount = gradientCount
    }
  }

  /// A part of the examination, for a person who waits.
  public enum Step: Sendable { case ranks, folder, links, clocks, allreduce }

  private let world: World
  private let requirements: Requirements

  public init(_ world: World, _ requirements: Requirements) {
    self.world = world
    self.requirements = requirements
  }

  /// Examines everything. All ranks must call it.
  ///
  /// - Parameter progress: called on every rank before each step.
  /// - Returns: the report, which is complete on rank 0; on the others the measurements may be missing.
  public func examine(progress: (Step) -> Void) throws -> DoctorReport {
    progress(.ranks)
    let plan = try world.threadPlan(asked: requirements.threads)
    let ranks = try world.allgather(
      RankFacts(world: world, threads: requirements.threads, dataDirectory: requirements.dataDirectory))
    var report = DoctorReport(
      mpiVersion: World.mpiVersion, hdf5Version: HDF5Library.version,
      hdf5FileLocking: ProcessInfo.processInfo.environment["HDF5_USE_FILE_LOCKING"], ranks: ranks,
      threads: plan.description, checkpointBytes: requirements.checkpointBytes)
    report.findings = placementFindings(
      ranks, threads: requirements.threads, leaves: requirements.leaves, images: requirements.images,
      dataDirectory: requirements.dataDirectory)
    report.findings += plan.warnings.map { Finding(.warning, $0.text, advice: $0.advice) }
    report.memory = requirements.memory
    report.findings += memoryFindings(requirements.memory)
    if world.size == 1, let finding = lonelyRank(ProcessInfo.processInfo.environment) {
      report.findings.append(finding)
    }
    progress(.folder)
    let folder = world.rank == 0 ? FolderProbe(requirements.runFolder) : nil
    report.folder = folder
    let hostsWithout = try hostsThatMiss(folder?.path ?? "", ranks)
    if let folder {
      report.findings += folder.findings(neededBytes: requirements.checkpointBytes, hostsWithout: hostsWithout)
    }
    let probe = LinkProbe(world)
    progress(.links)
    report.links = try probe.links()
    progress(.clocks)
    report.clocks = try probe.clocks()
    progress(.allreduce)
    report.allreduce = try probe.allreduce(counts: [256, 1 << 18, max(requirements.gradientCount, 1)])
    report.findings += linkFindings(report.links, report.clocks)
    report.findings.sort { $0.severity.weight > $1.severity.weight }
    return report
  }

  /// Returns the hosts that do not see a file that rank 0 makes in its folder.
  private func hostsThatMiss(_ path: String, _ ranks: [RankFacts]) throws -> [String] {
    let name = "\(path)/.doctor-\(ProcessInfo.processInfo.globallyUniqueString)"
    var isMade = false
    if world.rank == 0 {
      do throws(Errno) {
        _ = try OpenFile(creating: name, permissions: .ownerReadWrite)
        isMade = true
      } catch {}
    }
    defer { if isMade { try? FileSystem.remove(name) } }
    let told = try world.broadcast(isMade ? name : "", root: 0)
    guard !told.isEmpty else { return [] }
    // NFS may remember for some seconds that a file was missing; nobody has asked for this one before.
    let sees = try world.allgather(FileSystem.exists(told))
    var missing: [String] = []
    for (rank, sees) in zip(ranks, sees) where !sees && !missing.contains(rank.host) { missing.append(rank.host) }
    return missing
  }
}

extension Finding.Severity {
  /// The rank in a list that begins with what is worst: the larger, the earlier.
  fileprivate var weight: Int {
    switch self {
    case .problem: 2
    case .warning: 1
    case .note: 0
    }
  }
}
