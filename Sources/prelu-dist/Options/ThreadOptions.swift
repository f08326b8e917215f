import ArgumentParser
import Communication
import Kernels

/// The number of threads of each rank.
struct ThreadOptions: ParsableArguments {
  /// The numbers of threads that any command takes.
  static let range = OptionRange.within(1...4096)

  @Option(
    help: ArgumentHelp(
      "The number of threads of each rank (default: the rank's share of the cores that it may use, at most "
        + "OMP_NUM_THREADS or SLURM_CPUS_PER_TASK).",
      valueName: "number"))
  var threads: Int?

  func validate() throws { try checkRange("--threads", threads, Self.range) }

  /// Returns the threads of this process. Rank 0 warns of what is odd about them. All ranks call it.
  ///
  /// - Parameter world: nil for a process that runs without MPI.
  func pool(_ world: World?) throws -> ThreadPool {
    var plan = try plan(world)
    let own = plan.ranks[world?.rank ?? 0]
    let pool = ThreadPool(threads: own.count, spins: !own.takeTurns)
    if let world {
      plan = try world.started(plan, count: pool.threadCount, shortfall: pool.shortfall)
    } else if let shortfall = pool.shortfall {
      Console.complain("warning: \(shortfall)")
    }
    warn(plan, world)
    return pool
  }

  /// Returns the number of threads of this process. Rank 0 warns of what is odd about them. All ranks call it.
  ///
  /// - Parameter world: nil for a process that runs without MPI.
  func count(_ world: World?) throws -> Int {
    let plan = try plan(world)
    warn(plan, world)
    return plan.ranks[world?.rank ?? 0].count
  }

  private func plan(_ world: World?) throws -> ThreadPlan {
    try world?.threadPlan(asked: threads) ?? ThreadPlan(ofThisProcess: threads)
  }

  private func warn(_ plan: ThreadPlan, _ world: World?) {
    guard world?.rank ?? 0 == 0 else { return }
    for warning in plan.warnings { Console.complain("warning: \(warning)") }
  }
}
