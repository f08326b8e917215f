import Configuration
import System
import Weights

/// A person's request for settings: a recipe or a file, and what flags change of it.
public struct ConfigurationRequest: Sendable {
  /// A recipe's name or a file's path; nil for the default recipe, or for the settings that a resumed run began with.
  public var recipe: String?
  private let change: @Sendable (inout Configuration) throws -> Void

  /// The option that set each setting, such as `--batch` for `training.batch`, for messages.
  let options: [String: String]

  /// The settings that options set.
  var namedSettings: Set<String> { Set(options.keys) }

  /// - Parameters:
  ///   - options: the names of the options behind `change`, by the settings that they set.
  ///   - change: sets what flags change of the recipe.
  public init(
    recipe: String?, options: [String: String] = [:],
    change: @escaping @Sendable (inout Configuration) throws -> Void
  ) {
    self.recipe = recipe
    self.options = options
    self.change = change
  }

  /// Returns the configuration asked for.
  ///
  /// - Parameter stored: the settings that a resumed run began with.
  /// - Throws: what `change` throws, `Refusal` for the value of an option, or `ConfigurationError`.
  public func resolved(over stored: Configuration? = nil) throws -> Configuration {
    try resolution(over: stored).configuration
  }

  /// Returns a sentence on each part of the recipe that is left out or replaced, and on each doubt about the settings.
  ///
  /// - Throws: as `resolved` does.
  public func notes() throws -> [String] {
    let (recipe, configuration) = try resolution()
    return notes(on: configuration, of: recipe)
  }

  /// Returns the remarks on a new run's settings beside its recipe's.
  func notes(on configuration: Configuration, of recipe: Configuration) -> [String] {
    var recipe = recipe
    if WeightSource.hasBegun(configuration.weights.source, with: recipe.weights) {
      recipe.weights = configuration.weights
    }
    let drawn =
      configuration.weights.source.isEmpty && !configuration.training.frozen.isEmpty
      ? [
        "training.frozen: expected weights to begin with, found none: the frozen layers stay as they are drawn. Give "
          + "--weights, unless that is meant"
      ] : []
    return configuration.doubtsOfInputs + configuration.losses(from: recipe, options: options) + drawn
  }

  /// Returns the recipe's settings, and the configuration asked for; throws as `resolved` does.
  func resolution(over stored: Configuration? = nil) throws -> (recipe: Configuration, configuration: Configuration) {
    let recipe = try recipe.map { try Configuration.load(recipe: $0) } ?? stored ?? Configuration.load()
    var configuration = recipe
    try change(&configuration)
    do throws(ConfigurationError) {
      try configuration.validate()
    } catch {
      guard let option = error.key.flatMap({ options[$0] }) else { throw error }
      throw Refusal(.usage, "\(option): \(error.problem)")
    }
    return (recipe, configuration)
  }
}
