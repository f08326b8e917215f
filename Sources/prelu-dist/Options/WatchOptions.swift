import ArgumentParser
import Communication
import Foundation
import System

/// The times that ranks wait for one that does not arrive.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The seconds that ranks wait for others before a warning names those.", valueName: "seconds"))
  var stallWarning = 60.0

  @Option(
    help: ArgumentHelp(
      "The seconds that ranks wait for others before the job ends with exit code 75; 0 for no limit. The watch rests "
        + "while a debugger is attached.",
      valueName: "seconds"))
  var stallLimit = 600.0

  func validate() throws {
    try checkRange("--stall-warning", stallWarning, .atLeast(1), unit: "s")
    guard stallLimit != 0 else { return }
    guard OptionRange.atLeast(stallWarning).contains(stallLimit) else {
      throw ValidationError(
        "--stall-limit takes 0, or the \(stallWarning.asTyped) s of --stall-warning or more, "
          + "not \(stallLimit.asTyped).")
    }
  }

  var limits: StallLimits { StallLimits(warning: stallWarning, limit: stallLimit == 0 ? nil : stallLimit) }

  /// Reports what the watch has found, and ends the job where the ranks have waited for too long.
  func report(_ stall: Stall, of world: World) {
    let speaker = "rank \(world.rank) on host \(world.hostName) waits: "
    guard stall.isFinal else {
      let end = stallLimit == 0 ? "" : "; the job ends after \(stallLimit.asTyped) s (--stall-limit)"
      return Console.complain("warning: \(speaker)\(stall)\(end)")
    }
    Console.complain(
      "\(speaker)\(stall). The job ends here: look at what these ranks' hosts do, then continue from the last "
        + "checkpoint with --resume")
    world.abort(.tryAgain)
  }

  /// The seconds by which other ranks than 0 end later where MPI does not start, so that rank 0 speaks for all.
  static let grace = 5.0

  /// Reports that MPI does not start, and ends the process where it has waited for too long.
  func report(_ stall: StartWatch.Stall) {
    let what =
      "host \(ProcessInfo.processInfo.hostName): MPI has not started for \(Int(stall.seconds.rounded())) s, because a "
      + "rank has not arrived or a host cannot be reached"
    guard stall.isFinal else {
      let end = stallLimit == 0 ? "" : "; the job ends after \(stallLimit.asTyped) s (--stall-limit)"
      return Console.complain("warning: \(what)\(end)")
    }
    Console.complain(
      "\(what). The job ends here: look at its hosts, for which `prelu-dist doctor` helps, and start it again")
    _exit(ExitStatus.tryAgain.rawValue)
  }
}
