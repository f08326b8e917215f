import ArgumentParser
import Configuration
import Network

extension Activation: ExpressibleByArgument {}

extension Configuration.PublishedInput: ExpressibleByArgument {}

extension Initializer.Rule: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }

  public static var allValueStrings: [String] { names }
}

/// The changes that `train` makes to its recipe's network.
struct NetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The activation of the layers.", valueName: "name"))
  var activation: Activation?

  @Option(
    help: ArgumentHelp(
      "The rule that the first weights are drawn by; any deviation may stand after fixed-.", valueName: "name"))
  var initializer: Initializer.Rule?

  @Option(
    help: ArgumentHelp(
      "The number of filters of the narrowest layers, for architectures of adjustable width.", valueName: "filters"))
  var width: Int?

  @Option(
    help: ArgumentHelp("The share of units that fully connected layers drop out.", valueName: "share"))
  var dropout: Double?

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
      "Begin this layer anew whatever --weights holds; may be given several times. With other classes the last layer "
        + "begins anew by itself.",
      valueName: "layer"))
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

  func apply(to configuration: inout Configuration) {
    if let width { configuration.model.width = width }
    if let activation { configuration.model.activation = activation }
    if let initializer { configuration.model.initializer.rule = initializer }
    if let dropout { configuration.training.dropout = dropout }
    if let weights, weights != configuration.weights.source {
      configuration.weights.source = weights
      // A recipe's digest is that of its own source.
      configuration.weights.digest = ""
    }
    if let weightsInput { configuration.choose(input: weightsInput) }
    if !anew.isEmpty { configuration.weights.anew = anew }
    if !freeze.isEmpty { configuration.training.frozen = freeze }
  }
}
