import ArgumentParser
import Benchmarks
import Foundation

extension BenchCommand {
  struct FeedingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "feeding", abstract: "Time how a pack's photographs become training samples, on one thread.",
      discussion: """
        Each sample is read, decoded, resized, cropped and mirrored, its colors are shifted and the mean is \
        subtracted, with the recipe's settings. The pack's samples are taken in their order, epoch after epoch.
        """)

    @Argument(help: "The pack to read.")
    var pack: String

    @Option(
      help: ArgumentHelp("A built-in recipe or a YAML file, whose settings are used.", valueName: "name|file"))
    var recipe = "imagenet-A"

    @Option(help: ArgumentHelp("The number of samples of a run.", valueName: "samples"))
    var samples = 500

    @Option(help: ArgumentHelp("The number of timed runs, of which the median counts.", valueName: "number"))
    var runs = 5

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      try checkRange("--samples", samples, .within(1...1 << 30))
      try checkRange("--runs", runs, .within(1...mostRuns))
    }

    func run() throws {
      alone {
        let timings = try FeedingBenchmark.run(pack: pack, recipe: recipe, samples: samples, runs: runs)
        json ? Console.sayJSON(timings) : show(timings)
        return .done
      }
    }

    private func show(_ timings: FeedingTimings) {
      Console.say(
        String(
          format:
            "%.3f ms a sample on one thread (fastest run %.3f ms, processor %.3f ms), files of %.1f kB; "
            + "opened in %.1f ms",
          timings.milliseconds, timings.fastestMilliseconds, timings.processorMilliseconds, timings.meanBytes / 1000,
          timings.openMilliseconds))
    }
  }
}
