import ArgumentParser
import Communication
import System

/// The number of threads of each rank.
struct ThreadOptions: ParsableArguments {
  /// The numbers of threads that any command takes.
  static let range = OptionRange.within(1...4096)

  @Option(
    help: ArgumentHelp(
      "The number of threads of each rank (default: the rank's share of its host's cores).", valueName: "number"))
  var threads: Int?

  func validate() throws { try checkRange("--threads", threads, Self.range) }

  /// Returns the number of threads of this process.
  ///
  /// - Parameter world: nil for a process that runs without MPI, and may use all cores.
  func count(_ world: World?) -> Int { threads ?? world?.coresOfRank ?? availableCores() }
}
