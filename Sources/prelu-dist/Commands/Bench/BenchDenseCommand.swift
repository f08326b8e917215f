import ArgumentParser
import Benchmarks
import Foundation
import Network
import System

extension BenchCommand {
  struct DenseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dense", abstract: "Time dense testing of a photograph: the whole picture and its mirror image.",
      discussion: """
        Weights and picture are random, and reading and resizing are left out. First the scores of a small map are \
        compared with those computed window by window. The time is set against what the picture's convolutions would \
        take at the speed of training's forward pass, and its windows at the speed of a mini-batch. Without --recipe \
        and --model it measures the recipe fashion.
        """)

    @OptionGroup var model: ModelOptions

    @OptionGroup var convolution: ConvolutionOptions

    @OptionGroup var precision: PrecisionOptions

    @Option(help: ArgumentHelp("The picture's shorter side.", valueName: "pixels"))
    var scale = 384

    @Option(help: ArgumentHelp("The ratio of the picture's longer side to its shorter one.", valueName: "ratio"))
    var aspect = 529.0 / 384

    @Option(help: ArgumentHelp("The number of threads, each with a picture of its own.", valueName: "number"))
    var threads = 1

    @Option(
      help: ArgumentHelp(
        "The number of timed pictures of each thread, of which the median counts.", valueName: "number"))
    var runs = 5

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      try checkRange("--scale", scale, .within(1...1 << 14), unit: "pixels")
      try checkRange("--aspect", aspect, .within(1...100))
      try checkRange("--threads", threads, ThreadOptions.range)
      try checkRange("--runs", runs, .within(1...mostRuns))
    }

    func run() throws {
      alone {
        let settings = try model.settings()
        let precision = precision.precision ?? settings.training.precision
        try PrecisionOptions.check(precision, convolution)
        let architecture = try settings.architecture().resolved()
        let width = Int((aspect * Double(scale)).rounded())
        guard scale >= architecture.input.height, width >= architecture.input.width else {
          throw Refusal(
            .usage,
            "a picture of \(width)×\(scale) is smaller than the network's input of \(architecture.input.width)×"
              + "\(architecture.input.height): choose a larger --scale")
        }
        let timings = try DenseBenchmark.run(
          architecture, height: scale, width: width, threads: threads, method: convolution.method,
          precision: precision, runs: runs)
        json ? Console.sayJSON(timings) : show(timings)
        return .done
      }
    }

    private func show(_ timings: DenseTimings) {
      Console.say(
        String(
          format: "%@, %d×%d and its mirror image, %@: %.3f s a picture on a thread, median of %d",
          timings.model + timings.precision.suffix, timings.width, timings.height,
          timings.windows.counted("window", grouped: true), timings.seconds, timings.runs))
      Console.say(
        String(
          format:
            "%.0f %% of the speed that training's forward pass (%.0f GFLOP/s by the definition) and fully connected "
            + "layers give: %.3f s",
          timings.percentOfTraining, timings.trainingGigaflops, timings.expectedSeconds))
      Console.say(
        String(
          format: "%.0f MB at most; relative error of the scores %.1e", timings.peakMegabytes, timings.relativeError))
    }
  }
}
