import Communication
import Foundation
import Kernels

/// The properties of a rank that must be, or should be, the same on all hosts.
public struct RankIdentity: Equatable, Sendable, Codable {
  public var host: String
  public var program: String
  public var level: ProcessorLevel
  public var blasKernel: String
  /// The bytes that are free for messages in shared memory; nil where the system does not say.
  public var sharedMemory: Int?

  public init(host: String, program: String, level: ProcessorLevel, blasKernel: String, sharedMemory: Int?) {
    self.host = host
    self.program = program
    self.level = level
    self.blasKernel = blasKernel
    self.sharedMemory = sharedMemory
  }

  init(_ facts: RankFacts) {
    self.init(
      host: facts.host, program: facts.program, level: facts.level, blasKernel: facts.blasKernel,
      sharedMemory: facts.sharedMemory)
  }

  /// The properties of which each difference is a finding of its own; the host's name may differ, and levels have one
  /// finding for all.
  fileprivate var comparedText: String { "\(program) \(blasKernel)" }
}

/// Returns a finding for each host and each of its differences from rank 0's host, and for each host without room for
/// its ranks' messages.
///
/// - Parameter ranks: all ranks, in their order.
public func differences(of ranks: [RankIdentity]) -> [Finding] {
  guard let first = ranks.first else { return [] }
  var findings: [Finding] = []
  var told: Set<String> = []
  for (number, rank) in ranks.enumerated() where rank.comparedText != first.comparedText {
    // Ranks of one host may differ, too, by a wrapper script or a wrong PATH.
    guard told.insert("\(rank.host) \(rank.comparedText)").inserted else { continue }
    let place = rank.host == first.host ? "rank \(number) on host \(rank.host)" : "host \(rank.host) (rank \(number))"
    if rank.program != first.program {
      findings.append(
        Finding(
          .problem,
          "\(place) runs another program than rank 0 on host \(first.host): "
            + "digest \(shown(rank.program)), rank 0's is \(shown(first.program))",
          advice: "Install the same build of prelu-dist on every host, or start it by the path of a shared folder"))
    }
    if rank.blasKernel != first.blasKernel {
      findings.append(
        Finding(
          .warning,
          "\(place) has another BLAS kernel than host \(first.host): \(rank.blasKernel), rank 0's is "
            + first.blasKernel,
          advice: "With --convolution im2col, which alone uses it, results are the same bits only with one kernel: "
            + "leave OPENBLAS_CORETYPE unset, or set it to \(first.blasKernel) on all hosts"))
    }
  }
  return findings + levelFindings(ranks) + sharedMemoryFindings(ranks)
}

/// Returns a note if ranks run programs for different levels. That is meant: each host computes as fast as it can, and
/// all compute the same bits.
private func levelFindings(_ ranks: [RankIdentity]) -> [Finding] {
  let hosts = Dictionary(grouping: ranks, by: \.level).mapValues { ranks in
    var names: [String] = []
    for rank in ranks where !names.contains(rank.host) { names.append(rank.host) }
    return names
  }
  guard hosts.count > 1, let lowest = hosts.keys.min() else { return [] }
  let found = hosts.sorted { $0.key > $1.key }.map { level, names in
    "\(level) on \(names.prefix(4).joined(separator: ", "))" + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }
  return [
    Finding(
      .note, "the hosts' processors have different levels: \(found.joined(separator: "; "))",
      advice: "Results in float32 are the same bits on all, and those in bfloat16 are computed on each as on the least "
        + "of them; mpirun -x PRELU_LEVEL=\(lowest) makes all run the same program")
  ]
}

private func shown(_ digest: String) -> String { digest.isEmpty ? "unknown" : digest }

/// Compares the hosts at the start of a program that runs on several ranks. All ranks must call it, and all get the
/// same findings. A single rank has nothing to compare, and finds out whether it was meant to be one of several.
public func compareHosts(_ world: World) throws -> [Finding] {
  guard world.size > 1 else { return lonelyRank(ProcessInfo.processInfo.environment).map { [$0] } ?? [] }
  let own = RankIdentity(
    host: world.hostName, program: programDigest(), level: .compiledFor, blasKernel: MatrixLibrary.kernelName,
    sharedMemory: SharedMemory.free)
  return differences(of: try world.allgather(own))
}

/// Returns a problem where the launcher started several processes but MPI knows only this one: each would train by
/// itself, all in one folder.
package func lonelyRank(_ environment: [String: String]) -> Finding? {
  func number(_ name: String) -> Int { environment[name].flatMap { Int($0) } ?? 1 }
  // A launcher starts what was built with another library without a word.
  func problem(_ launcher: String, _ processes: Int) -> Finding {
    Finding(
      .problem, "\(launcher) started \(processes) processes, but each of them is alone",
      advice: "Start them by the launcher of the MPI library that prelu-dist was built with (\(World.mpiVersion)), or "
        + "by prelu-job, which finds it")
  }
  if environment["OMPI_COMM_WORLD_SIZE"] != nil {
    let processes = number("OMPI_COMM_WORLD_SIZE")
    return processes > 1 ? problem("Open MPI's mpirun", processes) : nil
  }
  if number("SLURM_STEP_NUM_TASKS") > 1, environment["SLURM_PROCID"] != nil {
    return Finding(
      .problem, "srun started \(number("SLURM_STEP_NUM_TASKS")) processes, but each of them is alone",
      advice: "Start them by srun --mpi=pmix for Open MPI, or --mpi=pmi2 for MPICH (srun --mpi=list shows whether "
        + "Slurm has it), or by mpirun")
  }
  return number("PMI_SIZE") > 1 ? problem("MPICH's mpiexec", number("PMI_SIZE")) : nil
}
