import ArgumentParser
import Kernels

extension ConvolutionMethod: ExpressibleByArgument {}

/// The algorithm of all convolutions.
struct ConvolutionOptions: ParsableArguments {
  @Option(
    name: .customLong("convolution"),
    help: ArgumentHelp(
      "The method that computes every convolution, for comparisons (default: chosen for each layer by its shape).",
      valueName: "method"))
  var method: ConvolutionMethod?
}
