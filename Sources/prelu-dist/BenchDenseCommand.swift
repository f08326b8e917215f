import ArgumentParser
import Benchmarks
import Foundation
import Network
import System
import Training

extension BenchCommand {
  struct DenseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dense", abstract: "Dense testing of a photograph: the whole picture and its mirror image.",
      discussion: """
        Random weights and a random picture, without reading and resizing. The scores of a \
        small map are first compared with those computed window by window. The time is set against what the picture's \
        convolutions would take at the speed that they have in the forward pass of training, and the windows in a \
        mini-batch.
        """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("The picture's shorter side.", valueName: "pixels"))
    var scale = 384

    @Option(help: ArgumentHelp("Its longer side over the shorter one.", valueName: "ratio"))
    var aspect = 529.0 / 384

    @Option(help: "Threads, each with a picture of its own.")
    var threads = 1

    @Option(help: ArgumentHelp("Timed pictures of a thread; the median counts.", valueName: "number"))
    var runs = 5

    func validate() throws {
      for (name, value) in [("--threads", threads), ("--runs", runs)] where value < 1 {
        throw ValidationError("\(name) takes a number from 1 on, not \(value).")
      }
      guard (1...1 << 14).contains(scale) else { throw ValidationError("--scale takes 1 to 16384, not \(scale).") }
      guard (1...100).contains(aspect) else { throw ValidationError("--aspect takes 1 to 100, not \(aspect).") }
    }

    func run() throws {
      do {
        let architecture = try options.architecture()
        let width = Int((aspect * Double(scale)).rounded())
        guard scale >= architecture.input.height, width >= architecture.input.width else {
          throw Refusal(
            .usage,
            "a picture of \(width)×\(scale) is smaller than the network's input of \(architecture.input.width)×"
              + "\(architecture.input.height): choose a larger --scale")
        }
        show(
          try DenseBenchmark.run(
            architecture, height: scale, width: width, threads: threads, method: options.convolution, runs: runs))
      } catch {
        Console.complain("\(error)")
        Foundation.exit(ExitStatus(of: error).rawValue)
      }
    }

    private func show(_ timings: DenseTimings) {
      guard !options.json else { return Console.sayJSON(timings) }
      Console.say(
        String(
          format: "%@, %d×%d and its mirror image, %@ windows: %.3f s a picture on a thread, median of %d",
          timings.model, timings.width, timings.height, timings.windows.grouped, timings.seconds,
          timings.runs))
      Console.say(
        String(
          format:
            "%.0f %% of the speed that training's forward pass (%.0f GFLOP/s by the definition) and fully connected layers "
            + "give: %.3f s",
          timings.percentOfTraining, timings.trainingGigaflops, timings.expectedSeconds))
      Console.say(
        String(
          format: "%.0f MB at most; relative error of the scores %.1e", timings.peakMegabytes, timings.relativeError))
    }
  }
}
