import ArgumentParser
import Benchmarks
import Configuration
import Foundation
import Kernels
import Network
import System
import Training

/// Measures the kernels and the training step on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the convolution kernels and the training step on this machine.",
    subcommands: [
      ConvolutionCommand.self, StepCommand.self, DenseCommand.self, ScalingCommand.self, FeedingCommand.self,
      CheckpointCommand.self,
    ])

  /// The model to measure.
  struct ModelOptions: ParsableArguments {
    @Option(help: "A built-in architecture, such as A, B, C, vgg-19, small-14, fashion-6.")
    var model: String?

    @Option(help: ArgumentHelp("The model of a recipe or YAML file.", valueName: "name|file"))
    var recipe: String?

    @Option(
      help: ArgumentHelp(
        "Compute all convolutions so: \(ConvolutionMethod.list) (default: by shape).",
        valueName: "method"))
    var convolution: ConvolutionMethod?

    @Flag(help: "Print JSON.")
    var json = false

    func architecture() throws -> ResolvedArchitecture { try BenchCommand.architecture(model: model, recipe: recipe) }
  }

  /// What a recipe has, the default one where none is named, with another architecture where one is.
  static func architecture(model: String?, recipe: String? = nil) throws -> ResolvedArchitecture {
    var configuration = try Configuration.load(recipe: recipe ?? Recipes.defaultName)
    if let model { try configuration.model.choose(architecture: model) }
    return try configuration.architecture().resolved()
  }

  struct ConvolutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convolution", abstract: "Each convolution of a model, each pass, on one thread.",
      discussion: """
        Every result is compared with a reference in Double before it is timed. GFLOP/s count the operations of the \
        convolution by its definition, so that algorithms can be compared; an algorithm that needs fewer \
        multiplications reaches more than the processor's peak.
        """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("Images of a pass.", valueName: "images"))
    var batch = 8

    @Option(help: ArgumentHelp("Only these layers, by name.", valueName: "name"))
    var layer: [String] = []

    @Option(help: ArgumentHelp("Timed runs of a pass; the median counts.", valueName: "number"))
    var runs = 5

    func validate() throws {
      guard batch >= 1 else { throw ValidationError("--batch takes a number from 1 on, not \(batch).") }
      guard runs >= 1 else { throw ValidationError("--runs takes a number from 1 on, not \(runs).") }
    }

    func run() throws {
      do {
        let architecture = try options.architecture()
        let names = architecture.layers.map(\.name)
        if let unknown = layer.first(where: { !names.contains($0) }) {
          Console.complain(
            "there is no layer \(unknown) in \(architecture.architecture.name): it has \(names.joined(separator: ", "))"
          )
          Foundation.exit(ExitStatus.usage.rawValue)
        }
        if !options.json { printHeader() }
        try ConvolutionBenchmark.run(
          architecture, images: batch, method: options.convolution, layers: layer.isEmpty ? nil : Set(layer),
          runs: runs, report: options.json ? printJSON : printRow)
      } catch {
        Console.complain("\(error)")
        Foundation.exit(ExitStatus(of: error).rawValue)
      }
    }

    private func printHeader() {
      Console.say(
        "\(processorName()), \(InstructionSets.compiledFor.summary), one thread, \(batch) images a pass; "
          + "ms, GFLOP/s by the definition, % of the measured peak, relative error")
    }

    private func printRow(_ timings: ConvolutionTimings) {
      Console.say(
        "\(timings.layer)  \(timings.channels)→\(timings.filters) \(timings.height)×\(timings.width), "
          + "\(timings.kernel)×\(timings.kernel) stride \(timings.stride), \(timings.algorithm)")
      let passes: [(String, ConvolutionTimings.Pass?)] = [
        ("forward", timings.forward), ("input gradient", timings.inputGradient),
        ("weight gradient", timings.weightGradient), ("both gradients", timings.backward),
      ]
      for case (let name, let pass?) in passes {
        let error = pass.relativeError.map { String(format: "  %.1e", $0) } ?? ""
        let label = name.padding(toLength: 16, withPad: " ", startingAt: 0)
        Console.say(
          "  \(label)"
            + String(format: "%9.2f ms %8.1f GFLOP/s %6.0f %%", pass.milliseconds, pass.gigaflops, pass.percentOfPeak)
            + error)
      }
    }

    private func printJSON(_ timings: ConvolutionTimings) { Console.sayJSON(timings) }
  }

  struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "step", abstract: "The whole training step split into its parts; under mpirun on every rank.",
      discussion: """
        Random images, so that no data set is needed. Before anything is timed the tower's features are compared with \
        those of the direct convolution, and afterwards the ranks' parameters with one another. With several ranks the \
        same mini-batch is first timed on rank 0 alone.
        """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("Images of a step, on all ranks together.", valueName: "images"))
    var batch = 128

    @Option(help: "Threads of each rank.")
    var threads = 1

    @Option(help: ArgumentHelp("Timed steps; the median counts.", valueName: "number"))
    var runs = 5

    func validate() throws {
      for (name, value) in [("--batch", batch), ("--threads", threads), ("--runs", runs)] where value < 1 {
        throw ValidationError("\(name) takes a number from 1 on, not \(value).")
      }
    }

    func run() throws {
      onAllRanks { world in
        let timings = try StepBenchmark.run(
          try options.architecture(), batch: batch, threads: threads, method: options.convolution, runs: runs,
          world: world)
        if world.rank == 0 { show(timings) }
        return .done
      }
    }

    private func show(_ timings: StepTimings) {
      guard !options.json else { return Console.sayJSON(timings) }
      Console.say(
        "\(timings.model), mini-batch \(timings.batch), \(timings.ranks) ranks × \(timings.threads) threads, "
          + "median of \(timings.runs) steps, ms")
      func row(_ cells: [String]) {
        Console.say(cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined())
      }
      row([
        "rank", "images", "forward", "gather", "fc", "scatter", "wait", "backward", "exposed", "update", "step",
        "peak MB",
      ])
      for rank in timings.perRank {
        row(
          ["\(rank.rank)", "\(rank.images)"]
            + [
              rank.forward, rank.gather, rank.fullyConnected, rank.scatter, rank.wait, rank.backward,
              rank.exposedReduction, rank.update, rank.step, rank.peakMegabytes,
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
