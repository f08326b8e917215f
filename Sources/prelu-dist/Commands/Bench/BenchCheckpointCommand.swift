import ArgumentParser
import Benchmarks
import Foundation
import System

extension BenchCommand {
  struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint", abstract: "Time how long training waits for a checkpoint, and until it is safe.",
      discussion: """
        Training copies parameters and momentum and continues, while a thread writes, syncs, reads back and verifies \
        the checkpoint. Random numbers are saved into a new folder inside the one given, which is removed afterwards. \
        Without --recipe and --model it measures the recipe fashion.
        """)

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("A folder of the file system to measure.", valueName: "dir"))
    var folder = "."

    @Option(help: ArgumentHelp("The number of threads that copy.", valueName: "number"))
    var threads = 1

    @Option(help: ArgumentHelp("The number of timed checkpoints, of which the median counts.", valueName: "number"))
    var runs = 3

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      try checkRange("--threads", threads, ThreadOptions.range)
      try checkRange("--runs", runs, .within(1...mostRuns))
    }

    func run() throws {
      alone {
        let timings = try CheckpointBenchmark.run(
          try model.architecture(), folder: folder, threads: threads, runs: runs)
        json ? Console.sayJSON(timings) : show(timings)
        return .done
      }
    }

    private func show(_ timings: CheckpointTimings) {
      Console.say(
        "\(timings.model): \(byteText(timings.bytes)); "
          + String(
            format:
              "training waits %.3f s (%.3f s the first time); the checkpoint is in place after %.1f s (%.0f MB/s)",
            timings.stallSeconds, timings.firstStallSeconds, timings.writtenSeconds,
            1e-6 * Double(timings.bytes) / timings.writtenSeconds))
    }
  }
}
