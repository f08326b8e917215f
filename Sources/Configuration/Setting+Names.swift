/// Lists and groups in which a text names something of the user's own, such as a layer.
extension SettingVisitor {
  /// Visits a list of texts.
  mutating func setting(texts key: String, _ value: inout [String]) throws(ConfigurationError) {
    var list = TextList(values: value)
    try setting(key, &list)
    value = list.values
  }

  /// Visits a group of numbers.
  mutating func setting(numbers key: String, _ value: inout [String: Double]) throws(ConfigurationError) {
    var group = NamedGroup(values: value)
    try setting(key, &group)
    value = group.values
  }

  /// Visits a group of texts.
  mutating func setting(words key: String, _ value: inout [String: String]) throws(ConfigurationError) {
    var group = NamedGroup(values: value)
    try setting(key, &group)
    value = group.values
  }
}

private struct TextList: Setting {
  var values: [String]

  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .list(let trees) = tree.content else { throw place.expected("a list of texts", found: tree) }
    values = try trees.map { tree throws(ConfigurationError) in
      var text = ""
      try text.read(tree, at: place)
      return text
    }
  }

  var tree: SettingTree { SettingTree(.list(values.map(\.tree))) }
}

/// Values by names that a text chooses freely. A text replaces the whole group.
private struct NamedGroup<Value: Setting & DefaultedSetting>: Setting {
  var values: [String: Value]

  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .group(let entries) = tree.content else { throw place.expected("a group of names", found: tree) }
    values = [:]
    for entry in entries {
      var value = Value()
      try value.read(entry.value, at: place.inner(SettingTree.shortened(entry.key), line: entry.line))
      values[entry.key] = value
    }
  }

  var tree: SettingTree {
    SettingTree(
      .group(values.sorted { $0.key < $1.key }.map { SettingTree.Entry(key: $0.key, value: $0.value.tree) }))
  }
}

/// A value that reading starts from.
private protocol DefaultedSetting {
  init()
}

extension Double: DefaultedSetting {}
extension String: DefaultedSetting {}
