import ArgumentParser
import Communication
import System

/// How long ranks wait for one that does not come.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Name the ranks that others have waited for so long.", valueName: "seconds"))
  var stallWarning = 60.0

  @Option(
    help: ArgumentHelp(
      "End the job, with exit code 75, when ranks have waited for another so long; 0: never. Not in a debugger.",
      valueName: "seconds"))
  var stallLimit = 600.0

  func validate() throws {
    guard stallWarning >= 1, stallWarning.isFinite else {
      throw ValidationError("--stall-warning is \(stallWarning); it takes seconds from 1 on.")
    }
    guard stallLimit == 0 || (stallLimit >= stallWarning && stallLimit.isFinite) else {
      throw ValidationError(
        "--stall-limit is \(stallLimit); it takes 0, or seconds from --stall-warning (\(stallWarning)) on.")
    }
  }

  var limits: StallLimits { StallLimits(warning: stallWarning, limit: stallLimit == 0 ? nil : stallLimit) }

  /// Says what the watch has found, and ends the job where it has waited long enough.
  func tell(_ stall: Stall, _ world: World) {
    let speaker = "rank \(world.rank) on host \(world.hostName) waits: "
    guard stall.isFinal else {
      let end = stallLimit == 0 ? "" : "; the job ends after \(Int(stallLimit)) s (--stall-limit)"
      return Console.complain("warning: \(speaker)\(stall)\(end)")
    }
    Console.complain(
      "\(speaker)\(stall). The job ends here; look at what these ranks' hosts do, then go on with --resume from the last "
        + "checkpoint")
    world.abort(.tryAgain)
  }
}
