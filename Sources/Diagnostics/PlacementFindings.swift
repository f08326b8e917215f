import Communication
import Foundation
import Kernels
import System

/// Returns what a person should know about the place where the ranks run: cores, binding, networks, data.
///
/// - Parameters:
///   - ranks: all ranks, at least one, in their order.
///   - threads: the number of threads of each rank; nil where each takes no more than its share of its host's cores.
///   - leaves: the number of leaves of a mini-batch, a power of two: 1, 2, 4 … as many ranks get the same bits.
///   - images: the number of images of a mini-batch; nil where it is not known.
///   - dataDirectory: the path of the data, for the message about a host that lacks them.
public func placementFindings(
  _ ranks: [RankFacts], threads: Int? = nil, leaves: Int, images: Int? = nil, dataDirectory: String
) -> [Finding] {
  var findings = differences(of: ranks.map(RankIdentity.init))
  findings += divisionFindings(ranks: ranks.count, leaves: leaves, images: images)
  var hosts: [String] = []
  for rank in ranks where !hosts.contains(rank.host) { hosts.append(rank.host) }
  for host in hosts {
    let here = ranks.filter { $0.host == host }
    findings += crowding(host, here, threads: threads ?? 1)
    findings += wastedCores(host, here, hosts: hosts.count)
    findings += quotaFindings(host, here)
    findings += instructionFindings(here[0])
    findings += networkFindings(here[0], hosts: hosts.count)
    if !here[0].hasData {
      findings.append(
        Finding(
          .problem, "host \(host) does not have the data \(dataDirectory)",
          advice: "Put the data set at the same path on every host, or name another with --data"))
    }
  }
  return findings
}

/// Finds numbers of ranks that a mini-batch does not divide into.
private func divisionFindings(ranks: Int, leaves: Int, images: Int?) -> [Finding] {
  if let images, ranks > images {
    return [
      Finding(
        .warning, "\(ranks - images) of \(ranks) ranks have no image of a mini-batch of \(images)",
        advice: "Start one rank a NUMA domain, whose cores share the images of a rank: " + rankADomainAnywhere)
    ]
  }
  if ranks > leaves {
    return [
      Finding(
        .note,
        "\(ranks) ranks are more than the \(leaves) leaves of a mini-batch: results agree with other numbers of ranks "
          + "to rounding only",
        advice: "Start a new run with --leaves and as many leaves as ranks, a power of two, or one rank a NUMA domain, "
          + "whose cores share a leaf: " + rankADomainAnywhere)
    ]
  }
  guard leaves % ranks != 0 else { return [] }
  return [
    Finding(
      .note, "with \(ranks) ranks results agree with other numbers of ranks to rounding only",
      advice: "With \(leaves) leaves \(Shares.rankCounts(leaves: leaves, "and")) ranks give the same bits as each "
        + "other; --leaves changes that for a new run")
  ]
}

/// Finds too many ranks for the cores of a host, or cores that nobody uses.
private func crowding(_ host: String, _ ranks: [RankFacts], threads: Int) -> [Finding] {
  let cores = ranks[0].localCores
  if ranks.count * threads > cores {
    let work = ranks.count.counted("rank") + (threads == 1 ? "" : " of \(threads) threads")
    return [
      Finding(
        .warning, "host \(host): \(work) \(ranks.count.verb("has", "share")) \(cores.counted("core"))",
        advice: "Start fewer ranks, or use more hosts; if neither is possible, export "
          + "OMPI_MCA_mpi_yield_when_idle=1")
    ]
  }
  var findings: [Finding] = []
  let masks = ranks.map { processors(ofList: $0.allowedProcessors) ?? [] }
  for (first, second) in pairs(ranks.count) {
    // Ranks that may all use all cores are unbound, and the system spreads them.
    let allowed = ranks[first].allowedCores
    guard masks[first] == masks[second], !masks[first].isEmpty, allowed < cores else { continue }
    // Ranks that are bound to one socket or NUMA node with enough cores do not crowd it.
    let sharing = masks.count { $0 == masks[first] }
    guard sharing * threads > allowed else { continue }
    findings.append(
      Finding(
        .warning,
        "host \(host): \(sharing) ranks, \(ranks[first].rank) and \(ranks[second].rank) among them, are bound to "
          + "the same \(allowed.counted("core")) (\(ranks[first].allowedProcessors)) of \(cores)",
        advice: "Start with mpirun --bind-to core, or --bind-to none where other jobs share the host"))
    break
  }
  let usable = ranks[0].localProcessors
  // Ranks that are bound to less than the job has are told of by `wastedCores`.
  let isAllOfTheJob = ranks[0].reachableProcessors <= usable
  if threads == 1, isAllOfTheJob, ranks[0].hostProcessors >= 2 * usable, ranks.count <= usable {
    findings.append(
      Finding(
        .note,
        "host \(host): the job may use \(usable) of its \(ranks[0].hostProcessors.counted("processor"))",
        advice: "If the host is yours alone, ask the scheduler for all its cores (Slurm: --ntasks-per-node, "
          + "--cpus-per-task, --exclusive)"))
  }
  return findings
}

/// Finds a limit of processor time below the number of cores.
private func quotaFindings(_ host: String, _ ranks: [RankFacts]) -> [Finding] {
  guard let rank = ranks.first(where: { $0.cpuQuota ?? .infinity < Double($0.allowedCores) }),
    let quota = rank.cpuQuota
  else { return [] }
  let cores = String(format: quota == quota.rounded() ? "%.0f" : "%.1f", quota)
  return [
    Finding(
      .note,
      "host \(host): the CPU quota of a cgroup gives its processes the time of \(cores) "
        + "\(quota == 1 ? "core" : "cores"), "
        + "and rank \(rank.rank) may run on \(rank.allowedCores)",
      advice: "Ask for more if the job is to use all its cores (Slurm: --cpus-per-task; docker run --cpus)")
  ]
}

/// Returns all pairs of numbers below `count`, the smaller one first.
private func pairs(_ count: Int) -> [(Int, Int)] {
  (0..<count).flatMap { first in (first + 1..<max(count, first + 1)).map { (first, $0) } }
}

/// Finds a program that leaves out instructions which would make its host faster.
private func instructionFindings(_ rank: RankFacts) -> [Finding] {
  let (built, has) = (
    InstructionSets(rawValue: rank.builtFor).summary, InstructionSets(rawValue: rank.hasInstructions).summary
  )
  guard InstructionSets(rawValue: rank.hasInstructions).isStrictSuperset(of: InstructionSets(rawValue: rank.builtFor)),
    built != has
  else { return [] }
  return [
    Finding(
      .note, "host \(rank.host): the program is built for \(built), the processor has \(has)",
      advice: "A program for each level, of which every host takes the best, comes from scripts/install "
        + "--levels v3,v4, unless PRELU_LEVEL is set")
  ]
}

/// Finds a fast network that is not used, and bridges that may mislead MPI.
private func networkFindings(_ rank: RankFacts, hosts: Int) -> [Finding] {
  guard hosts > 1 else { return [] }
  var findings: [Finding] = []
  if let device = rank.fastDevices.first, rank.messageLayer == "ob1", rank.carriers.contains("tcp") {
    findings.append(
      Finding(
        .warning, "host \(rank.host): messages go over TCP, although there is a fast network (\(device))",
        advice: "Load an Open MPI that was built with UCX (InfiniBand) or PSM2 (Omni-Path); ompi_info lists what it has"
      ))
  }
  if !rank.bridges.isEmpty {
    findings.append(
      Finding(
        .note,
        "host \(rank.host): the \(rank.bridges.count.verb("bridge", "bridges")) "
          + "\(rank.bridges.joined(separator: ", ")) "
          + "may have the same address on every host",
        advice: "If ranks hang at the start, name the network: export OMPI_MCA_btl_tcp_if_include=eth0"))
  }
  return findings
}
