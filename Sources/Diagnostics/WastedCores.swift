/// Finds cores of a host that the ranks there leave idle, and ranks that reach over several NUMA domains.
///
/// - Parameters:
///   - ranks: the ranks of the host, at least one.
///   - hosts: the number of all hosts.
func wastedCores(_ host: String, _ ranks: [RankFacts], hosts: Int) -> [Finding] {
  let first = ranks[0]
  // A limit of processor time is told by itself.
  let isLimited = first.cpuQuota.map { $0 < Double(first.reachableCores) } ?? false
  if !isLimited, first.localProcessors < first.reachableProcessors, first.localCores < first.reachableCores {
    let (cores, reachable) = (first.localCores, first.reachableCores)
    return [
      Finding(
        .warning,
        "host \(host): \(ranks.count == 1 ? "rank \(first.rank) is" : "\(ranks.count) ranks are") bound to "
          + "\(cores.counted("core")) of the \(reachable) that the job has there",
        advice: "Start one rank a NUMA domain: \(rankADomain(first, hosts: hosts))")
    ]
  }
  let threads = ranks.reduce(0) { $0 + $1.threads }
  if 2 * threads <= first.localCores {
    return [
      Finding(
        .warning,
        "host \(host): \(ranks.count == 1 ? "rank \(first.rank) has" : "\(ranks.count) ranks have") "
          + "\(threads.counted("thread")) for \(first.localCores) cores",
        advice: "Leave out --threads, OMP_NUM_THREADS and SLURM_CPUS_PER_TASK: each rank then has a thread for each of "
          + "its cores")
    ]
  }
  if let wide = ranks.first(where: { $0.allowedDomains > 1 && $0.threads > 1 }) {
    return [
      Finding(
        .warning,
        "host \(host): rank \(wide.rank) computes on the cores of \(wide.allowedDomains) NUMA domains, where memory of "
          + "the others is slow to reach",
        advice: "Start one rank a NUMA domain: \(rankADomain(first, hosts: hosts))")
    ]
  }
  if first.reachableDomains > 1, ranks.count > first.reachableDomains, ranks.allSatisfy({ $0.threads == 1 }) {
    return [
      Finding(
        .note,
        "host \(host): \(ranks.count) ranks of one thread, each with filters, gradients and messages of its own, in "
          + "\(first.reachableDomains) NUMA domains",
        advice: "One rank a NUMA domain takes less memory: \(rankADomain(first, hosts: hosts))")
    ]
  }
  return []
}

/// Returns the command that starts a rank in each NUMA domain, on hosts like that of `rank`.
private func rankADomain(_ rank: RankFacts, hosts: Int) -> String {
  "mpirun -np \(rank.reachableDomains * hosts) --map-by ppr:1:numa --bind-to numa prelu-dist …"
}

/// The command that starts a rank in each NUMA domain, on any hosts.
let rankADomainAnywhere = "mpirun -np DOMAINS --map-by ppr:1:numa --bind-to numa prelu-dist …"
