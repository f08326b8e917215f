import ArgumentParser
import Configuration
import Network
import System

extension Activation: ExpressibleByArgument {}

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

  @OptionGroup var precision: PrecisionOptions

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] {
    [
      "model.activation": activation.map { _ in "--activation" },
      "model.initializer": initializer.map { _ in "--initializer" }, "model.width": width.map { _ in "--width" },
      "training.dropout": dropout.map { _ in "--dropout" },
      "training.precision": precision.precision.map { _ in "--precision" },
    ].compactMapValues(\.self)
  }

  /// - Throws: `Refusal` for a width of layers that a recipe describes one by one.
  func apply(to configuration: inout Configuration) throws(Refusal) {
    if let width {
      guard configuration.model.layers.isEmpty else {
        throw Refusal(
          .usage,
          "--width: expected a built-in architecture, found a recipe with layers of its own: change their filters "
            + "there")
      }
      configuration.model.width = width
    }
    if let activation { configuration.model.activation = activation }
    if let initializer { configuration.model.initializer.rule = initializer }
    if let dropout { configuration.training.dropout = dropout }
    if let precision = precision.precision { configuration.training.precision = precision }
  }
}
