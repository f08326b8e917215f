import ArgumentParser
import Kernels
import System

extension Precision: ExpressibleByArgument {
  /// The words that name the precision behind a model's name; none for float32.
  var suffix: String { self == .float32 ? "" : ", \(rawValue)" }
}

/// The precision of the operands of products.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The precision in which convolutions and fully connected layers multiply; sums and everything else are float32 "
        + "(default: float32, or what the run was trained in).",
      valueName: "precision"))
  var precision: Precision?

  /// Throws an error where a method of convolution does not go with the precision.
  static func check(_ precision: Precision, _ convolution: ConvolutionOptions) throws(Refusal) {
    guard precision == .float32, convolution.method == .tiles else { return }
    throw Refusal(
      .usage,
      "--convolution tiles multiplies bfloat16, and the precision is float32: add --precision bfloat16, or leave "
        + "--convolution out")
  }
}
