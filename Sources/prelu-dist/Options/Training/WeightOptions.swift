import ArgumentParser
import Configuration
import Foundation
import System
import Weights

extension Configuration.PublishedInput: ExpressibleByArgument {}

/// The weights that `train` begins a new run with, and the layers that it leaves as they are.
struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Begin with the weights of this run, checkpoint, Caffe model (.caffemodel.h5) or safetensors file.",
      valueName: "source"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Make the inputs as the networks of this family have them, with --weights: torchvision (and timm) or caffe.",
      valueName: "family"))
  var weightsInput: Configuration.PublishedInput?

  @Option(
    help: ArgumentHelp(
      "Begin the layers of this name or pattern, such as 'fc*', anew whatever --weights holds; may be given several "
        + "times. With other classes the last layer begins anew by itself.",
      valueName: "pattern"))
  var anew: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep the parameters of the layers of this name or pattern, such as 'conv*', as they are; may be given several "
        + "times.",
      valueName: "pattern"))
  var freeze: [String] = []

  func validate() throws {
    if let weights, weights.isEmpty { throw ValidationError("--weights needs a file's or a run folder's name.") }
  }

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] {
    [
      "weights.source": weights.map { _ in "--weights" }, "weights.anew": anew.isEmpty ? nil : "--anew",
      "weights.deviation": weightsInput.map { _ in "--weights-input" },
      "weights.channels": weightsInput.map { _ in "--weights-input" },
      "data.mean": weightsInput.map { _ in "--weights-input" }, "training.frozen": freeze.isEmpty ? nil : "--freeze",
    ].compactMapValues(\.self)
  }

  /// - Throws: `Refusal` for inputs that the network does not have, and for options that say of weights what is not
  ///   given.
  func apply(to configuration: inout Configuration) throws(Refusal) {
    if let weights { choose(weights, in: &configuration.weights) }
    let needing = anew.isEmpty ? weightsInput.map { _ in "--weights-input" } : "--anew"
    if let needing, configuration.weights.source.isEmpty {
      throw Refusal(
        .usage, "\(needing): expected weights to begin with, found none: give --weights, or leave \(needing) out")
    }
    if let weightsInput {
      try check(weightsInput, channels: configuration.model.input.channels)
      configuration.choose(input: weightsInput)
    }
    if !anew.isEmpty { configuration.weights.anew = anew }
    if !freeze.isEmpty { configuration.training.frozen = freeze }
  }

  /// Names another source. What a recipe says of its own one holds for another checkpoint of the same run, but for its
  /// digest, and for nothing else; without a source it is meant for this one.
  private func choose(_ source: String, in weights: inout Configuration.Weights) {
    if !weights.source.isEmpty {
      switch WeightSource.relation(of: source, to: weights) {
      case .same: break
      case .sameRun: weights.digest = ""
      case .other: weights = Configuration.Weights()
      }
    }
    weights.source = source
  }

  private func check(_ input: Configuration.PublishedInput, channels: Int) throws(Refusal) {
    guard channels != 3 else { return }
    func list(_ values: [Double]) -> String { values.map { String(format: "%.6g", $0) }.joined(separator: ", ") }
    let mean = input.mean.reduce(0, +) / Double(input.mean.count)
    throw Refusal(
      .usage,
      "--weights-input: expected a network of 3 channels, whose inputs are red, green and blue, found "
        + channels.counted("channel")
        + (channels == 1
          ? ": for gray pictures a recipe says data: { mean: [\(list([mean]))] } and weights: { deviation: "
            + "[\(list(input.deviation))] }" : ": set data.mean in a recipe"))
  }
}
