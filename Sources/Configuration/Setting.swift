import Network
import System

/// A value that a text can set.
protocol Setting {
  /// Takes the value of `tree`. A section keeps the settings that the tree does not mention.
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError)
  /// The value as a tree that reads back to it.
  var tree: SettingTree { get }
}

/// The place of a setting in a text, for messages.
struct Place {
  var source: String?
  var path = ""
  var line: Int?

  func inner(_ key: String, line: Int?) -> Place {
    Place(source: source, path: path.isEmpty ? key : "\(path).\(key)", line: line ?? self.line)
  }

  func error(_ kind: ConfigurationError.Kind, _ problem: String) -> ConfigurationError {
    ConfigurationError(kind, source: source, line: line, key: path.isEmpty ? nil : path, problem: problem)
  }

  func expected(_ what: String, found tree: SettingTree) -> ConfigurationError {
    error(.wrongType, "expected \(what), found \(tree.found)")
  }
}

// MARK: - Sections

/// A section whose settings are listed once, in `visit`, for reading and for writing.
protocol SettingSection: Setting {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError)
}

/// A reader or writer that goes through the settings of a section in their order.
protocol SettingVisitor {
  /// Visits a setting. A text must mention a required one.
  mutating func setting(
    _ key: String, _ value: inout some Setting, required: Bool
  ) throws(ConfigurationError)
  /// Returns whether the text has the key; nil where none is read.
  func mentions(_ key: String) -> Bool?
  /// Returns the error that the value of `key` is wrong.
  func invalid(_ key: String, _ problem: String) -> ConfigurationError
}

extension SettingVisitor {
  mutating func setting(_ key: String, _ value: inout some Setting) throws(ConfigurationError) {
    try setting(key, &value, required: false)
  }
}

extension SettingSection {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .group(let entries) = tree.content else { throw place.expected("a group of keys", found: tree) }
    var reader = SettingReader(entries: entries, place: place)
    try visit(&reader)
    try reader.finish()
  }

  var tree: SettingTree {
    var copy = self
    var writer = SettingWriter()
    do {
      try copy.visit(&writer)
    } catch {
      preconditionFailure("writing settings failed: \(error)")
    }
    return SettingTree(.group(writer.entries))
  }
}

private struct SettingReader: SettingVisitor {
  let entries: [SettingTree.Entry]
  let place: Place
  private var known: [String] = []
  private var missing: [String] = []

  init(entries: [SettingTree.Entry], place: Place) {
    self.entries = entries
    self.place = place
  }

  mutating func setting(
    _ key: String, _ value: inout some Setting, required: Bool
  ) throws(ConfigurationError) {
    known.append(key)
    guard let entry = entries.first(where: { $0.key == key }) else {
      if required { missing.append(key) }
      return
    }
    try value.read(entry.value, at: place.inner(key, line: entry.line))
  }

  func mentions(_ key: String) -> Bool? { entries.contains { $0.key == key } }

  func invalid(_ key: String, _ problem: String) -> ConfigurationError {
    let line = entries.first { $0.key == key }?.line
    return place.inner(key, line: line).error(.invalidValue, problem)
  }

  /// Refuses unknown keys first, and then missing ones: a misspelled key is both.
  func finish() throws(ConfigurationError) {
    for entry in entries where !known.contains(entry.key) {
      let meant = nearMiss(entry.key, among: known).map { " Did you mean \($0)?" } ?? ""
      throw place.inner(SettingTree.shortened(entry.key), line: entry.line).error(
        .unknownKey, "there is no such key.\(meant) The keys here are \(known.joined(separator: ", ")).")
    }
    if let key = missing.first {
      throw place.error(.invalidValue, "expected the key \(key), found none: add it")
    }
  }
}

private struct SettingWriter: SettingVisitor {
  var entries: [SettingTree.Entry] = []

  mutating func setting(_ key: String, _ value: inout some Setting, required: Bool) {
    entries.append(SettingTree.Entry(key: key, value: value.tree))
  }

  func mentions(_ key: String) -> Bool? { nil }

  func invalid(_ key: String, _ problem: String) -> ConfigurationError {
    ConfigurationError(.invalidValue, key: key, problem: problem)
  }
}

// MARK: - Values

/// A value that is written as one word.
protocol WordSetting: Setting {
  static var expected: String { get }
  init?(word: String)
  var word: String { get }
}

extension WordSetting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .plain(let word) = tree.content, let value = Self(word: word) else {
      throw place.expected(Self.expected, found: tree)
    }
    self = value
  }

  var tree: SettingTree { SettingTree(.plain(word)) }
}

extension WordSetting where Self: LosslessStringConvertible {
  init?(word: String) { self.init(word) }
  var word: String { description }
}

extension Int: WordSetting {
  static let expected = "a whole number"
}

extension UInt64: WordSetting {
  static let expected = "a whole number from 0 to 18446744073709551615"
}

extension Bool: WordSetting {
  static let expected = "true or false"
}

extension Double: WordSetting {
  static let expected = "a number"
  init?(word: String) {
    // `Double` also takes hexadecimal digits, infinity and words such as nan.
    guard word.allSatisfy({ "0123456789+-.eE".contains($0) }), let value = Double(word), value.isFinite else {
      return nil
    }
    self = value
  }
}

extension Float: WordSetting {
  static let expected = Double.expected
  init?(word: String) {
    guard let value = Double(word: word), Float(value).isFinite else { return nil }
    self = Float(value)
  }
}

extension String: Setting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    switch tree.content {
    case .plain(let text), .text(let text): self = text
    case .null, .list, .group: throw place.expected("a text", found: tree)
    }
  }

  var tree: SettingTree { SettingTree(.text(self)) }
}

extension Optional: Setting where Wrapped: WordSetting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .plain(let word) = tree.content, let value = Wrapped(word: word) else {
      guard tree.content == .null else { throw place.expected("\(Wrapped.expected) or null", found: tree) }
      self = nil
      return
    }
    self = value
  }

  var tree: SettingTree { self?.tree ?? SettingTree(.null) }
}

extension Array: Setting where Element: WordSetting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .list(let values) = tree.content else {
      throw place.expected("a list, each \(Element.expected)", found: tree)
    }
    self = try values.map { value throws(ConfigurationError) in
      guard case .plain(let word) = value.content, let element = Element(word: word) else {
        throw place.expected("a list, each \(Element.expected)", found: value)
      }
      return element
    }
  }

  var tree: SettingTree { SettingTree(.list(map(\.tree))) }
}

/// A choice among a few words.
protocol ChoiceSetting: Setting {
  /// The words that messages offer.
  static var choices: [String] { get }
  init?(choice: String)
  var choice: String { get }
}

extension ChoiceSetting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    let choices = Self.choices.joined(separator: ", ")
    switch tree.content {
    case .plain(let word), .text(let word):
      if let value = Self(choice: word) {
        self = value
      } else {
        let meant = nearMiss(word, among: Self.choices).map { " Did you mean \($0)?" } ?? ""
        throw place.error(.invalidValue, "expected one of \(choices), found \(tree.found).\(meant)")
      }
    case .null, .list, .group: throw place.expected("one of \(choices)", found: tree)
    }
  }

  var tree: SettingTree { SettingTree(.text(choice)) }
}

extension ChoiceSetting where Self: RawRepresentable<String> & CaseIterable {
  static var choices: [String] { allCases.map(\.rawValue) }
  init?(choice: String) { self.init(rawValue: choice) }
  var choice: String { rawValue }
}
