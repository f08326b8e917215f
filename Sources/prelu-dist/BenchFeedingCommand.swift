import ArgumentParser
import Foundation
import System
import Training

extension BenchCommand {
  struct FeedingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "feeding", abstract: "How fast a pack's photographs become training samples, on one thread.",
      discussion: """
        Read, decode, resize, crop, mirror, shift the colours, subtract the mean: with the recipe's settings. The pack's \
        samples are taken in their order, epoch after epoch; the median of the runs counts.
        """)

    @Argument(help: "A pack.")
    var pack: String

    @Option(help: ArgumentHelp("A recipe or YAML file.", valueName: "name|file"))
    var recipe = "imagenet-A"

    @Option(help: ArgumentHelp("Samples of a run.", valueName: "samples"))
    var samples = 500

    @Option(help: ArgumentHelp("Timed runs.", valueName: "number"))
    var runs = 5

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
      guard samples >= 1 else { throw ValidationError("--samples takes a number from 1 on, not \(samples).") }
      guard runs >= 1 else { throw ValidationError("--runs takes a number from 1 on, not \(runs).") }
    }

    func run() throws {
      do {
        let result = try FeedingBenchmark.run(pack: pack, recipe: recipe, samples: samples, runs: runs)
        guard !json else {
          return Console.sayJSON([
            "pack": pack, "samples": samples, "milliseconds": 1000 * result.secondsPerSample,
            "processor_milliseconds": 1000 * result.processorSecondsPerSample,
            "fastest_milliseconds": 1000 * result.fastestPerSample, "open_milliseconds": 1000 * result.secondsToOpen,
            "mean_bytes": result.meanBytes,
          ])
        }
        Console.say(
          String(
            format:
              "%.3f ms a sample on one thread (fastest run %.3f ms, processor %.3f ms), files of %.1f kB; opened in %.1f ms",
            1000 * result.secondsPerSample, 1000 * result.fastestPerSample, 1000 * result.processorSecondsPerSample,
            result.meanBytes / 1000,
            1000 * result.secondsToOpen))
      } catch {
        Console.complain("\(error)")
        Foundation.exit(ExitStatus(of: error).rawValue)
      }
    }
  }
}
