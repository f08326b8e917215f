import Network
import System

/// A user's own layers: a list of groups with one key, the kind of layer, such as
/// `- convolution: { name: conv1, filters: 16, kernel: 3 }`.
struct OwnLayers: Setting {
  var layers: [LayerDescription]
  /// The activation of a layer that names none, except for the last one, which then has none.
  let activation: Activation

  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .list(let values) = tree.content else { throw place.expected("a list of layers", found: tree) }
    layers = []
    for (index, value) in values.enumerated() {
      let activation = index == values.count - 1 ? .none : activation
      layers.append(
        try LayerDescription(value, activation: activation, at: place.inner("\(index + 1)", line: value.line)))
    }
  }

  var tree: SettingTree { SettingTree(.list(layers.map(\.tree))) }
}

extension LayerDescription {
  fileprivate init(_ tree: SettingTree, activation: Activation, at place: Place) throws(ConfigurationError) {
    guard case .group(let entries) = tree.content, let entry = entries.first, entries.count == 1 else {
      throw place.expected("one kind of layer with its settings in { }", found: tree)
    }
    let inner = place.inner(SettingTree.shortened(entry.key), line: entry.line)
    guard let kind = Self.kinds.first(where: { $0.key == entry.key }) else {
      let names = Self.kinds.map { $0.key }
      let meant = nearMiss(entry.key, among: names).map { " Did you mean \($0)?" } ?? ""
      throw inner.error(
        .unknownKey, "there is no such kind of layer.\(meant) There are \(names.joined(separator: ", ")).")
    }
    self.init(kind.init())
    setActivation(activation)
    var section = LayerSection(layer: self)
    try section.read(entry.value, at: inner)
    self = section.layer
  }

  fileprivate var tree: SettingTree {
    let settings = LayerSection(layer: self).tree
    return SettingTree(.group([SettingTree.Entry(key: type(of: self.settings).key, value: settings)]))
  }
}

/// The settings of one layer, whose keys its kind lists.
private struct LayerSection: SettingSection {
  var layer: LayerDescription

  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    var visit = LayerVisit(visitor: visitor)
    try layer.settings.visit(&visit)
    visitor = visit.visitor
  }
}

/// Hands a layer's settings on to what reads or writes settings.
private struct LayerVisit<Visitor: SettingVisitor>: LayerVisitor {
  typealias Failure = ConfigurationError
  var visitor: Visitor

  mutating func setting(_ key: String, _ value: inout String, required: Bool) throws(ConfigurationError) {
    try visitor.setting(key, &value, required: required)
  }

  mutating func setting(_ key: String, _ value: inout Int, required: Bool) throws(ConfigurationError) {
    try visitor.setting(key, &value, required: required)
  }

  mutating func setting(_ key: String, _ value: inout [Int], required: Bool) throws(ConfigurationError) {
    try visitor.setting(key, &value, required: required)
  }

  mutating func setting(_ key: String, _ value: inout Float, required: Bool) throws(ConfigurationError) {
    try visitor.setting(key, &value, required: required)
  }

  mutating func setting(_ key: String, _ value: inout Activation, required: Bool) throws(ConfigurationError) {
    try visitor.setting(key, &value, required: required)
  }

  func mentions(_ key: String) -> Bool? { visitor.mentions(key) }
}
