import Communication
import Foundation
import HDF5
import Kernels
import System
import SystemPackage

/// All that is found about hosts, ranks, networks and the run folder.
public struct DoctorReport: Equatable, Sendable, Codable {
  public var mpiVersion: String
  public var hdf5Version: String
  /// The environment's word on HDF5's locks; nil where it says nothing.
  public var hdf5FileLocking: String?
  public var ranks: [RankFacts]
  public var folder: FolderProbe?
  /// What a run's checkpoints may take.
  public var checkpointBytes = 0
  public var links: [LinkMeasurement] = []
  public var clocks: [ClockMeasurement] = []
  public var allreduce: [AllreduceMeasurement] = []
  public var findings: [Finding] = []

  /// Whether something must be mended before training.
  public var hasProblem: Bool { findings.contains { $0.severity == .problem } }
}

/// Looks at what a run would depend on. Every rank makes one and calls `examine`.
public struct Doctor {
  /// What a run would need.
  public struct Wishes: Sendable {
    public var runFolder: String
    public var dataDirectory: String
    /// Threads of each rank, where the user says.
    public var threads: Int?
    /// What all checkpoints that are kept take.
    public var checkpointBytes: Int
    /// Floats that are added over all ranks in a step.
    public var gradientCount: Int

    public init(
      runFolder: String, dataDirectory: String, threads: Int?, checkpointBytes: Int, gradientCount: Int
    ) {
      self.runFolder = runFolder
      self.dataDirectory = dataDirectory
      self.threads = threads
      self.checkpointBytes = checkpointBytes
      self.gradientCount = gradientCount
    }
  }

  /// What the doctor is about to look at, for a person who waits.
  public enum Step: Sendable { case ranks, folder, links, clocks, allreduce }

  private let world: World
  private let wishes: Wishes

  public init(_ world: World, _ wishes: Wishes) {
    self.world = world
    self.wishes = wishes
  }

  /// - Parameter progress: called on every rank before each step.
  /// - Returns: complete on rank 0; on the others the measurements may be missing.
  public func examine(progress: (Step) -> Void) throws -> DoctorReport {
    progress(.ranks)
    let ranks = try world.allgather(RankFacts(world: world, dataDirectory: wishes.dataDirectory))
    var report = DoctorReport(
      mpiVersion: World.mpiVersion, hdf5Version: HDF5Library.version,
      hdf5FileLocking: ProcessInfo.processInfo.environment["HDF5_USE_FILE_LOCKING"], ranks: ranks,
      checkpointBytes: wishes.checkpointBytes)
    report.findings = placementFindings(ranks, threads: wishes.threads, dataDirectory: wishes.dataDirectory)
    if world.size == 1, let finding = lonelyRank(ProcessInfo.processInfo.environment) {
      report.findings.append(finding)
    }
    progress(.folder)
    let folder = world.rank == 0 ? FolderProbe(wishes.runFolder) : nil
    report.folder = folder
    let hostsWithout = try hostsThatMiss(folder?.path ?? "", ranks)
    if let folder {
      report.findings += folder.findings(neededBytes: wishes.checkpointBytes, hostsWithout: hostsWithout)
    }
    let probe = LinkProbe(world)
    progress(.links)
    report.links = try probe.links()
    progress(.clocks)
    report.clocks = try probe.clocks()
    progress(.allreduce)
    report.allreduce = try probe.allreduce(counts: [256, 1 << 18, max(wishes.gradientCount, 1)])
    report.findings += linkFindings(report.links, report.clocks)
    report.findings.sort { $0.severity.weight > $1.severity.weight }
    return report
  }

  /// The hosts that do not see a file that rank 0 makes in its folder.
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
    // NFS may remember for some seconds that a file was not there; nobody has asked for this one before.
    let sees = try world.allgather(FileSystem.exists(told))
    var missing: [String] = []
    for (rank, sees) in zip(ranks, sees) where !sees && !missing.contains(rank.host) { missing.append(rank.host) }
    return missing
  }
}

extension Finding.Severity {
  fileprivate var weight: Int {
    switch self {
    case .problem: 2
    case .warning: 1
    case .note: 0
    }
  }
}
