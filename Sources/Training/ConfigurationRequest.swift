import Configuration

/// A person's request for settings: a recipe or a file, and what flags change of it.
public struct ConfigurationRequest: Sendable {
  /// A recipe's name or a file's path; nil for the default recipe, or for the settings that a resumed run began with.
  public var recipe: String?
  private let change: @Sendable (inout Configuration) throws -> Void

  public init(recipe: String?, change: @escaping @Sendable (inout Configuration) throws -> Void) {
    self.recipe = recipe
    self.change = change
  }

  /// Returns the configuration asked for.
  ///
  /// - Parameter stored: the settings that a resumed run began with.
  /// - Throws: what `change` throws, or `ConfigurationError`.
  public func resolved(over stored: Configuration? = nil) throws -> Configuration {
    var configuration = try recipe.map { try Configuration.load(recipe: $0) } ?? stored ?? Configuration.load()
    try change(&configuration)
    try configuration.validate()
    return configuration
  }
}
