import Foundation
import Network
import System

/// The coding as a group of sections with the keys of the YAML form. Decoding does not validate.
extension Configuration: Codable {
  public init(from decoder: any Decoder) throws {
    self.init()
    try read(try SettingTree(from: decoder), at: Place())
  }

  public func encode(to encoder: any Encoder) throws { try tree.encode(to: encoder) }
}

extension Configuration {
  /// Returns all settings as YAML that reads back to an equal configuration.
  public func yaml() -> String { tree.yaml }

  /// Returns all settings as one line of JSON with sorted keys: equal configurations give equal texts.
  public func json() -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("a tree of texts, truth values and finite numbers is always JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }

  /// Reads and checks the settings that `json()` wrote.
  ///
  /// A JSON text is YAML too, but the YAML reader would refuse some of what `json()` and other programs write: a text
  /// with an & or *, half a surrogate pair as `\ud83d`, and some control characters.
  ///
  /// - Parameter source: the text's name in messages.
  public init(json: String, source: String = "the configuration") throws(ConfigurationError) {
    let tree: SettingTree
    guard json.utf8.count <= Self.largestText else { throw Self.tooLarge(source) }
    do {
      tree = try JSONDecoder().decode(SettingTree.self, from: Data(json.utf8))
    } catch {
      throw ConfigurationError(
        .malformed, source: source,
        problem: "expected settings as JSON, found \(String(json.prefix(60)).debugDescription)")
    }
    self.init()
    try read(tree, at: Place(source: source))
    try validate(source: source, tree: tree)
  }

  /// Reads and checks settings in YAML, over those of the recipe that they name, or of the default one if they name
  /// none.
  ///
  /// - Parameter source: the text's name in messages.
  public init(yaml: String, source: String) throws(ConfigurationError) {
    try self.init(tree: SettingTree(yaml: yaml, source: source), source: source)
  }

  /// Reads and checks settings that were read from a YAML text, over those of the recipe that they name.
  ///
  /// - Parameter folder: the folder that a recipe's file may be named from, in the place of a built-in one; nil where
  ///   the text is a recipe itself, which builds on a built-in one.
  init(tree: SettingTree, source: String, recipesIn folder: String? = nil) throws(ConfigurationError) {
    let place = Place(source: source, line: tree.line)
    guard case .group(var entries) = tree.content, let index = entries.firstIndex(where: { $0.key == "recipe" }) else {
      self = try Configuration.recipe(named: RecipeName().choice)
      try read(tree, at: place)
      try validate(source: source, tree: tree)
      return
    }
    let entry = entries[index]
    let inner = place.inner("recipe", line: entry.line)
    if let folder, let path = try Self.ownRecipe(entry.value, in: folder, at: inner) {
      self = try Configuration.load(recipe: path)
      entries.remove(at: index)
    } else {
      var name = RecipeName()
      try name.read(entry.value, at: inner)
      self = try Configuration.recipe(named: name.choice)
    }
    try read(SettingTree(.group(entries), line: tree.line), at: place)
    try validate(source: source, tree: tree)
  }

  /// Returns the path of the file that a text names as its recipe; nil where it names none but a word.
  private static func ownRecipe(
    _ tree: SettingTree, in folder: String, at place: Place
  ) throws(ConfigurationError) -> String? {
    let name: String
    switch tree.content {
    case .plain(let word), .text(let word): name = word
    case .null, .list, .group: return nil
    }
    guard Recipes.text(of: name) == nil else { return nil }
    let path = name.hasPrefix("/") ? name : FileSystem.path(name, in: folder)
    if FileSystem.exists(path) { return path }
    guard [".yaml", ".yml"].contains(where: name.hasSuffix) || name.contains("/") else { return nil }
    throw place.error(
      .missing, "expected a recipe, found no file \(SettingTree.shortened(path)): name it from the folder of this file")
  }

  /// Returns a built-in recipe.
  public static func recipe(named name: String) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    guard let text = Recipes.text(of: name) else { throw noRecipe(name) }
    let source = "recipe \(name)"
    let tree = try SettingTree(yaml: text, source: source)
    try configuration.read(tree, at: Place(source: source))
    try configuration.validate(source: source, tree: tree)
    return configuration
  }

  /// Returns a built-in recipe by its name, or reads a file of the same shape by its path.
  public static func load(recipe: String = Recipes.defaultName) throws(ConfigurationError) -> Configuration {
    if Recipes.text(of: recipe) != nil { return try self.recipe(named: recipe) }
    guard FileSystem.exists(recipe) else { throw noRecipe(recipe) }
    return try Configuration(yaml: try text(ofFile: recipe), source: recipe)
  }

  /// Validates, and adds the place in the text to an error.
  private func validate(source: String, tree: SettingTree) throws(ConfigurationError) {
    do {
      try validate()
    } catch {
      var placed = error
      placed.source = source
      placed.line = error.key.flatMap { tree.line(of: $0) }
      throw placed
    }
  }

  // MARK: - Files

  /// The size of the largest text that is read, in bytes: settings take a few kilobytes, a larger file is another one.
  private static let largestText = 1_000_000

  /// Returns the text of a file, which must be there.
  static func text(ofFile path: String) throws(ConfigurationError) -> String {
    let bytes: [UInt8]
    do throws(RegularFileError) {
      bytes = try RegularFile.contents(of: path, limit: largestText)
    } catch {
      switch error {
      case .refused(let code, let what):
        throw ConfigurationError(.unreadable, source: path, problem: "\(what): \(code)")
      case .otherKind(let found):
        throw ConfigurationError(.malformed, source: path, problem: "expected a YAML file, found \(found)")
      case .tooLarge: throw tooLarge(path)
      }
    }
    guard let text = PlainText.string(bytes) else {
      throw ConfigurationError(.malformed, source: path, problem: "expected UTF-8 text, found other bytes")
    }
    return text
  }

  private static func tooLarge(_ source: String) -> ConfigurationError {
    ConfigurationError(
      .malformed, source: source,
      problem: "expected settings of at most \(byteText(largestText)), found more: this is some other file")
  }

  private static func noRecipe(_ name: String) -> ConfigurationError {
    let meant = nearMiss(name, among: Recipes.names).map { " Did you mean \($0)?" } ?? ""
    return ConfigurationError(
      .missing,
      problem: "there is neither a recipe nor a file \(SettingTree.shortened(name.debugDescription)).\(meant) "
        + "The recipes are \(Recipes.names.joined(separator: ", ")).")
  }
}
