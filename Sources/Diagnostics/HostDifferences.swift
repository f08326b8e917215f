import Communication
import Foundation
import Kernels

/// The properties of a rank that must be, or should be, the same on all hosts.
public struct RankIdentity: Equatable, Sendable, Codable {
  public var host: String
  public var program: String
  public var processor: String
  public var hasInstructions: UInt32
  public var blasKernel: String

  public init(host: String, program: String, processor: String, hasInstructions: UInt32, blasKernel: String) {
    self.host = host
    self.program = program
    self.processor = processor
    self.hasInstructions = hasInstructions
    self.blasKernel = blasKernel
  }

  init(_ facts: RankFacts) {
    self.init(
      host: facts.host, program: facts.program, processor: facts.processor, hasInstructions: facts.hasInstructions,
      blasKernel: facts.blasKernel)
  }

  /// The properties that are compared between ranks; the names of the host and of the processor may differ.
  fileprivate var comparedText: String { "\(program) \(hasInstructions) \(blasKernel)" }
}

/// Returns a finding for each host and each of its differences from rank 0's host.
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
    if rank.hasInstructions != first.hasInstructions {
      let (own, others) = (
        InstructionSets(rawValue: rank.hasInstructions), InstructionSets(rawValue: first.hasInstructions)
      )
      findings.append(
        Finding(
          .warning,
          "\(place) has another instruction set than host \(first.host): \(own) (\(rank.processor)), "
            + "rank 0's is \(others) (\(first.processor))",
          advice: "Results are the same bits only on processors of one kind: ask the scheduler for such hosts, "
            + "as by Slurm's --constraint"))
    }
    if rank.blasKernel != first.blasKernel {
      findings.append(
        Finding(
          .warning,
          "\(place) has another BLAS kernel than host \(first.host): \(rank.blasKernel), rank 0's is "
            + first.blasKernel,
          advice: "Results are the same bits only with one kernel: set OPENBLAS_CORETYPE=\(first.blasKernel) on all "
            + "hosts, or ask the scheduler for hosts of one kind"))
    }
  }
  return findings
}

private func shown(_ digest: String) -> String { digest.isEmpty ? "unknown" : digest }

/// Compares the hosts at the start of a program that runs on several ranks. All ranks must call it, and all get the
/// same findings. A single rank has nothing to compare, and finds out whether it was meant to be one of several.
public func compareHosts(_ world: World) throws -> [Finding] {
  guard world.size > 1 else { return lonelyRank(ProcessInfo.processInfo.environment).map { [$0] } ?? [] }
  let own = RankIdentity(
    host: world.hostName, program: programDigest(), processor: processorName(),
    hasInstructions: InstructionSets.ofProcessor.rawValue, blasKernel: MatrixLibrary.kernelName)
  return differences(of: try world.allgather(own))
}

/// Returns a problem where the launcher started several processes but MPI knows only this one: each would train by
/// itself, all in one folder.
package func lonelyRank(_ environment: [String: String]) -> Finding? {
  func number(_ name: String) -> Int { environment[name].flatMap { Int($0) } ?? 1 }
  guard environment["OMPI_COMM_WORLD_SIZE"] == nil else { return nil }
  if number("SLURM_STEP_NUM_TASKS") > 1, environment["SLURM_PROCID"] != nil {
    return Finding(
      .problem, "srun started \(number("SLURM_STEP_NUM_TASKS")) processes, but each of them is alone",
      advice: "Start them by srun --mpi=pmix (srun --mpi=list shows whether Slurm has it), or by mpirun")
  }
  if number("PMI_SIZE") > 1 {
    return Finding(
      .problem, "\(number("PMI_SIZE")) processes were started, but each of them is alone",
      advice: "Start them by the mpirun of the MPI library that prelu-dist was built with (\(World.mpiVersion))")
  }
  return nil
}
