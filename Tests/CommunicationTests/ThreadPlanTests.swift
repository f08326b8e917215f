import Communication
import Glibc
import RankTestSupport
import System
import Testing

/// Fewer threads than planned are said once, with the system's own words, on whichever rank it is.
@Test func fewerThreadsThanPlannedAreSaidOnce() throws {
  let world = try startedWorld()
  let ranks = (0..<world.size).map { _ in RankThreads(count: 64, reason: .option, cores: 64, processors: 64) }
  let plan = ThreadPlan(ranks, hosts: world.hostNames, warnings: [])
  let whole = try world.started(plan, count: 64, shortfall: nil)
  #expect(whole == plan)

  let isLast = world.rank == world.size - 1
  let error = ThreadError(name: "compute 3", code: EAGAIN)
  let short = try world.started(plan, count: isLast ? 3 : 64, shortfall: isLast ? error : nil)
  #expect(short.ranks.map(\.count) == (0..<world.size).map { $0 == world.size - 1 ? 3 : 64 })
  #expect(short.warnings.count == plan.warnings.count + 1)
  let rank = world.size - 1
  #expect(
    short.warnings.last?.description == "rank \(rank) on host \(world.hostNames[rank]) was to have 64 threads, and the "
      + "system started 3: Resource temporarily unavailable. These do the work. Raise the limit of processes "
      + "(ulimit -u, the cgroup's pids.max), or ask for fewer threads (--threads)")
}
