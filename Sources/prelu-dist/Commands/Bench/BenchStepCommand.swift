import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Foundation
import Kernels
import System
import Tracing

extension BenchCommand {
  struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "step", abstract: "Time the parts of a whole training step; under mpirun on every rank.",
      discussion: """
        The images are random, so that no data set is needed. Before anything is timed, the tower's features are \
        compared with those of the direct convolution; afterwards the ranks' parameters are compared with one another. \
        With several ranks the same mini-batch is also timed on rank 0 alone, with as many threads. Without --recipe \
        and --model it measures the recipe fashion. --trace records further steps, after the timed ones.
        """)

    @OptionGroup var model: ModelOptions

    @OptionGroup var convolution: ConvolutionOptions

    @OptionGroup var precision: PrecisionOptions

    @Option(help: ArgumentHelp("The number of images of a step, on all ranks together.", valueName: "images"))
    var batch = 128

    @OptionGroup var threads: ThreadOptions

    @Option(
      help: ArgumentHelp(
        "The number of leaves that a step is divided into, a power of two (default: leaves of 16 images or fewer, at "
          + "most 8).",
        valueName: "number"))
    var leaves: Int?

    @Option(help: ArgumentHelp("The number of timed steps, of which the median counts.", valueName: "number"))
    var runs = 5

    @OptionGroup var trace: TraceOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      try checkRange("--batch", batch, .within(Configuration.Training.batches))
      try checkLeaves(leaves, batch: batch)
      try checkRange("--runs", runs, .within(1...mostRuns))
    }

    func run() throws {
      onAllRanks(endsAtOnce: true) { world in
        if let request = trace.request { try StepTrace.check(request, world: world) }
        let settings = try model.settings()
        let precision = precision.precision ?? settings.training.precision
        try PrecisionOptions.check(precision, convolution)
        let (architecture, threads) = (try settings.architecture().resolved(), try threads.count(world))
        let timings = try StepBenchmark.run(
          architecture, batch: batch, leaves: leaves, threads: threads, method: convolution.method,
          precision: precision, runs: runs, world: world)
        if world.rank == 0 { json ? Console.sayJSON(timings) : show(timings, precision) }
        if let request = trace.request {
          let outcome = try StepBenchmark.trace(
            request, architecture, batch: batch, leaves: leaves, threads: threads, method: convolution.method,
            precision: precision, world: world)
          if let outcome { try report(outcome) }
        }
        return .done
      }
    }

    private func report(_ outcome: StepTrace.Outcome) throws {
      if case .failed(let error) = outcome { throw error }
      if let warning = outcome.warning { Console.complain("warning: \(warning)") }
      if case .written(let path, _, _) = outcome, !json { Console.say(TraceOptions.announcement(of: path)) }
    }

    private func show(_ timings: StepTimings, _ precision: Precision) {
      Console.say(
        "\(timings.model)\(precision.suffix), mini-batch \(timings.batch), "
          + "\(timings.ranks.counted("rank")) × "
          + "\(timings.threads.counted("thread")), median of \(timings.runs.counted("step")), ms")
      func row(_ cells: [String]) {
        Console.say(cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined())
      }
      row([
        "rank", "images", "forward", "gather", "fc", "scatter", "wait", "backward", "exposed", "update", "step",
        "peak MB", "expected",
      ])
      for rank in timings.perRank {
        row(
          ["\(rank.rank)", "\(rank.images)"]
            + [
              rank.forward, rank.gather, rank.fullyConnected, rank.scatter, rank.wait, rank.backward,
              rank.exposedReduction, rank.update, rank.step, rank.peakMegabytes, rank.expectedMegabytes,
            ].map { String(format: "%.1f", $0) })
      }
      Console.say(
        String(
          format: "%.1f ms a step, %.1f images/s, %.1f ms an image", timings.stepMilliseconds, timings.imagesPerSecond,
          timings.stepMilliseconds / Double(timings.batch)))
      let busiest = timings.perRank.map(\.waitProcessorShare).max() ?? 0
      if timings.ranks > 1 {
        Console.say(String(format: "waiting for rank 0 takes at most %.1f %% of a core", 100 * busiest))
      }
      if let single = timings.singleRankMilliseconds, let efficiency = timings.efficiency {
        Console.say(
          String(
            format: "one rank alone: %.1f ms; %d ranks are %.2f times as fast, efficiency %.1f %%", single,
            timings.ranks, Double(timings.ranks) * efficiency, 100 * efficiency))
      }
    }
  }
}
