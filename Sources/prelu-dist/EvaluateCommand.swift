import ArgumentParser
import Communication
import Evaluation
import Foundation
import Kernels
import Training

extension MeasuredPart: ExpressibleByArgument {}

/// The errors of a checkpoint on a data set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Top-1 and top-5 error of a checkpoint on a data set.")

  @Argument(help: ArgumentHelp("A checkpoint, or a run folder: its best one.", valueName: "checkpoint|run"))
  var checkpoint: String

  @Option(help: ArgumentHelp("A pack, or the folder of the IDX files (default: the run's own data).", valueName: "dir"))
  var data: String?

  @Option(help: "Which images: test, or those put aside for validation.")
  var part: MeasuredPart = .test

  @Option(help: "Threads of each rank (default: its share of the host's cores).")
  var threads: Int?

  @OptionGroup var watch: WatchOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it takes 1 or more.") }
  }

  func run() throws {
    let (path, part, directory, json, threads) = (checkpoint, part, data, json, threads)
    onAllRanks(watch: watch) { world in
      let trained = try TrainedNetwork(path, world: world)
      let loader = try world.together(exitCode: Training.ExitCode.of) {
        try trained.samples(part, data: directory)
      }
      let pool = ThreadPool(
        threads: threads ?? max(1, min(availableCores(), world.localCores / world.localSize)))
      let evaluation = CenterEvaluation(trained.network, world: world, on: pool)
      guard let counts = try evaluation.evaluate(loader, keepGoing: { !StopSignals.isRequested }) else {
        if world.rank == 0 { Console.complain("stopped by a signal before all images were seen") }
        return Training.ExitCode.tryAgain
      }
      if world.rank == 0 { Self.show(counts, trained, part, json: json) }
      return Training.ExitCode.done
    }
  }

  private static func show(_ counts: ErrorCounts, _ trained: TrainedNetwork, _ part: MeasuredPart, json: Bool) {
    guard json else {
      Console.say(
        String(
          format: "%@ (iteration %d), %@: top-1 error %.2f %%, top-5 error %.2f %% (%d and %d of %d images)",
          trained.path, trained.iteration, part.rawValue, counts.top1Error, counts.top5Error, counts.top1, counts.top5,
          counts.images))
      return
    }
    Console.sayJSON([
      "checkpoint": trained.path, "iteration": trained.iteration, "part": part.rawValue, "images": counts.images,
      "top1_errors": counts.top1, "top5_errors": counts.top5, "top1_error": counts.top1Error,
      "top5_error": counts.top5Error,
    ])
  }
}
