import ArgumentParser
import Communication

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

  /// Returns the number of threads of this process. Rank 0 warns of what is odd about them. All ranks call it.
  ///
  /// - Parameter world: nil for a process that runs without MPI.
  func count(_ world: World?) throws -> Int {
    let plan = try world?.threadPlan(asked: threads) ?? ThreadPlan(ofThisProcess: threads)
    let rank = world?.rank ?? 0
    if rank == 0 {
      for warning in plan.warnings { Console.complain("warning: \(warning)") }
    }
    return plan.ranks[rank].count
  }
}
