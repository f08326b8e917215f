/// The settings of a text, before anything is known of their meaning: the content that YAML and JSON have in common.
struct SettingTree: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case null
    /// A word without quotes: a number, true or false, or, where one is expected, a text.
    case plain(String)
    /// A text in quotes, which is never a number.
    case text(String)
    case list([SettingTree])
    case group([Entry])
  }

  struct Entry: Equatable, Sendable {
    var key: String
    /// The line of the key.
    var line: Int?
    var value: SettingTree
  }

  var content: Content
  /// The line on which the value begins, from 1; nil where it was not read from lines.
  var line: Int?

  init(_ content: Content, line: Int? = nil) {
    self.content = content
    self.line = line
  }

  /// The words that messages have for the value.
  var found: String {
    switch content {
    case .null: "nothing"
    case .plain(let word): Self.shortened(word)
    case .text(let text): Self.shortened(text.debugDescription)
    case .list: "a list"
    case .group: "a group of keys"
    }
  }

  /// Returns the line of the value with a path, or of the nearest group or list around it. The values of a list have
  /// the numbers from 1.
  func line(of path: String) -> Int? {
    guard let name = path.split(separator: ".").first else { return line }
    let rest = path.firstIndex(of: ".").map { String(path[path.index(after: $0)...]) }
    switch content {
    case .group(let entries):
      guard let entry = entries.first(where: { $0.key == name }) else { return line }
      return rest.flatMap { entry.value.line(of: $0) } ?? entry.line
    case .list(let values):
      guard let number = Int(name), values.indices.contains(number - 1) else { return line }
      return rest.flatMap { values[number - 1].line(of: $0) } ?? values[number - 1].line
    case .null, .plain, .text: return line
    }
  }

  static func shortened(_ text: String) -> String {
    text.count > 80 ? "\(text.prefix(80))…" : text
  }
}

extension SettingTree: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Key.self) {
      let entries = try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
        Entry(key: key.stringValue, value: try container.decode(SettingTree.self, forKey: key))
      }
      self.init(.group(entries))
    } else if var container = try? decoder.unkeyedContainer() {
      var values: [SettingTree] = []
      while !container.isAtEnd { values.append(try container.decode(SettingTree.self)) }
      self.init(.list(values))
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self.init(.null)
      } else if let value = try? container.decode(Bool.self) {
        self.init(.plain("\(value)"))
      } else if let value = try? container.decode(Int.self) {
        self.init(.plain("\(value)"))
      } else if let value = try? container.decode(UInt64.self) {
        self.init(.plain("\(value)"))
      } else if let value = try? container.decode(Double.self) {
        self.init(.plain("\(value)"))
      } else {
        self.init(.text(try container.decode(String.self)))
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch content {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .plain(let word):
      var container = encoder.singleValueContainer()
      if let value = Bool(word) {
        try container.encode(value)
      } else if let value = Int(word) {
        try container.encode(value)
      } else if let value = UInt64(word) {
        try container.encode(value)
      } else if let value = Double(word), value.isFinite {
        try container.encode(value)
      } else {
        try container.encode(word)
      }
    case .text(let text):
      var container = encoder.singleValueContainer()
      try container.encode(text)
    case .list(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .group(let entries):
      var container = encoder.container(keyedBy: Key.self)
      for entry in entries { try container.encode(entry.value, forKey: Key(stringValue: entry.key)) }
    }
  }
}
