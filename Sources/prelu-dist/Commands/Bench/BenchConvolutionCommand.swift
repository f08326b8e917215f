import ArgumentParser
import Benchmarks
import Configuration
import Evaluation
import Foundation
import Kernels
import Network
import System

extension BenchCommand {
  struct ConvolutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convolution", abstract: "Time each convolution of a model, each pass, on one thread.",
      discussion: """
        Every result is compared with a reference in Double before it is timed. GFLOP/s count the operations of the \
        convolution by its definition, so that algorithms can be compared; the share of the processor's peak counts \
        the products that the algorithm computes, which may be fewer. Without --recipe and --model it measures the \
        recipe fashion. With --checkpoint it takes a network's own weights and test images, and random gradients: so \
        the errors are those of training.
        """)

    @OptionGroup var model: ModelOptions

    @Option(
      help: ArgumentHelp(
        "Measure the network of a checkpoint, or of a run's best one, on its test images.",
        valueName: "checkpoint|run"))
    var checkpoint: String?

    @OptionGroup var convolution: ConvolutionOptions

    @OptionGroup var precision: PrecisionOptions

    @Option(help: ArgumentHelp("The number of images of a pass.", valueName: "images"))
    var batch = 8

    @Option(
      help: ArgumentHelp("Measure only this layer of the model, by its name; may be repeated.", valueName: "name"))
    var layer: [String] = []

    @Option(help: ArgumentHelp("The number of timed runs of a pass, of which the median counts.", valueName: "number"))
    var runs = 5

    @Flag(help: "Print a JSON object for each layer.")
    var json = false

    func validate() throws {
      try checkRange("--batch", batch, .within(Configuration.Training.batches))
      try checkRange("--runs", runs, .within(1...mostRuns))
      if checkpoint != nil, model.recipe != nil || model.model != nil {
        throw ValidationError("--checkpoint brings its own model: leave --recipe and --model out")
      }
    }

    func run() throws {
      alone {
        if let checkpoint { try measure(checkpoint) } else { try measureModel() }
        return .done
      }
    }

    private func measureModel() throws {
      let settings = try model.settings()
      let precision = precision.precision ?? settings.training.precision
      try PrecisionOptions.check(precision, convolution)
      let architecture = try settings.architecture().resolved()
      try checkLayers(architecture)
      if !json { printHeader(precision) }
      try ConvolutionBenchmark.run(
        architecture, images: batch, method: convolution.method, precision: precision, layers: measured, runs: runs,
        report: report)
    }

    private func measure(_ checkpoint: String) throws {
      let trained = try TrainedNetwork(
        checkpoint, precision: precision.precision, .parameters, convolution: convolution.method)
      try PrecisionOptions.check(trained.network.tower.precision, convolution)
      try checkLayers(trained.network.architecture)
      let inputs = try trained.inputs(batch, of: trained.images(nil).images)
      if !json { printHeader(trained.network.tower.precision) }
      try ConvolutionBenchmark.run(
        TrainedOperands(trained.network, images: inputs), layers: measured, runs: runs, report: report)
    }

    private var measured: Set<String>? { layer.isEmpty ? nil : Set(layer) }

    private func report(_ timings: ConvolutionTimings) {
      if json { Console.sayJSON(timings) } else { show(timings) }
    }

    private func checkLayers(_ architecture: ResolvedArchitecture) throws {
      let names = architecture.layers.map(\.name)
      guard let unknown = layer.first(where: { !names.contains($0) }) else { return }
      throw Refusal(
        .usage,
        "there is no layer \(unknown) in \(architecture.name): it has \(names.joined(separator: ", "))")
    }

    private func printHeader(_ precision: Precision) {
      let engine = precision == .bfloat16 ? ", bfloat16 by \(TileEngine.chosen.name)" : ""
      Console.say(
        "\(processorName()), \(InstructionSets.compiledFor.summary)\(engine), one thread, "
          + "\(batch.counted("image")) a pass; "
          + "ms, GFLOP/s by the definition, products in % of the measured peak, relative error")
    }

    private func show(_ timings: ConvolutionTimings) {
      Console.say(
        "\(timings.layer)  \(timings.channels)→\(timings.filters) \(timings.height)×\(timings.width), "
          + "\(timings.kernel)×\(timings.kernel) stride \(timings.stride), \(timings.algorithm)")
      let passes: [(String, ConvolutionTimings.Pass?)] = [
        ("forward", timings.forward), ("input gradient", timings.inputGradient),
        ("weight gradient", timings.weightGradient), ("both gradients", timings.backward),
      ]
      if timings.inputGradient == nil, !timings.isFirst {
        Console.say("  input gradient   could not be measured: both gradients took no longer than that of the weights")
      }
      for case (let name, let pass?) in passes {
        let error = pass.relativeError.map { String(format: "  %.1e", $0) } ?? ""
        let label = name.padding(toLength: 16, withPad: " ", startingAt: 0)
        Console.say(
          "  \(label)"
            + String(format: "%9.2f ms %8.1f GFLOP/s %6.0f %%", pass.milliseconds, pass.gigaflops, pass.percentOfPeak)
            + error)
      }
    }
  }
}
