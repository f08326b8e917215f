import ArgumentParser
import Configuration
import Network
import System

/// The model that a command works with: that of a recipe, or a built-in architecture in its place.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A built-in recipe, such as fashion, or the path of a YAML file.", valueName: "name|file"))
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "A built-in architecture, such as fashion-6, small-14, A, B, C or vgg-19, in place of the recipe's.",
      valueName: "name"))
  var model: String?

  /// Returns the recipe's settings, or the default recipe's where none is named, with the architecture asked for.
  ///
  /// - Throws: `ConfigurationError` for a name or a file that is not a recipe, `Refusal` for an unknown architecture.
  func settings() throws -> Configuration { try Self.settings(recipe: recipe, model: model) }

  private static func settings(recipe: String?, model: String?) throws -> Configuration {
    var configuration = try Configuration.load(recipe: recipe ?? Recipes.defaultName)
    if let model { try choose(model, in: &configuration) }
    return configuration
  }

  /// Takes a built-in architecture that was asked for by --model.
  ///
  /// - Throws: `Refusal` for an unknown one.
  static func choose(_ name: String, in configuration: inout Configuration) throws(Refusal) {
    do throws(ArchitectureError) {
      try configuration.model.choose(architecture: name)
    } catch {
      throw Refusal(.usage, "--model: \(error)")
    }
  }

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] { model == nil ? [:] : ["model.architecture": "--model"] }

  /// Returns the architecture with the shapes of all layers.
  func architecture() throws -> ResolvedArchitecture { try settings().architecture().resolved() }

  /// Returns a built-in architecture, with the default recipe's settings for what it leaves open.
  static func architecture(named name: String) throws -> ResolvedArchitecture {
    try settings(recipe: nil, model: name).architecture().resolved()
  }
}
