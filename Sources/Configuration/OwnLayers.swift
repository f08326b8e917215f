import Network

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
    switch entry.key {
    case "convolution":
      var layer = Convolution(name: "", filters: 0, kernel: 0, activation: activation)
      try layer.read(entry.value, at: inner)
      self = .convolution(layer)
    case "maxPooling":
      var layer = MaxPooling(name: "", size: 0, stride: 0)
      try layer.read(entry.value, at: inner)
      self = .maxPooling(layer)
    case "spatialPyramidPooling":
      var layer = SpatialPyramidPooling(name: "", levels: [])
      try layer.read(entry.value, at: inner)
      self = .spatialPyramidPooling(layer)
    case "fullyConnected":
      var layer = FullyConnected(name: "", outputs: 0, activation: activation)
      try layer.read(entry.value, at: inner)
      self = .fullyConnected(layer)
    default:
      let kinds = ["convolution", "maxPooling", "spatialPyramidPooling", "fullyConnected"]
      let meant = nearMiss(entry.key, among: kinds).map { " Did you mean \($0)?" } ?? ""
      throw inner.error(
        .unknownKey, "there is no such kind of layer.\(meant) There are \(kinds.joined(separator: ", ")).")
    }
  }

  fileprivate var tree: SettingTree {
    let (kind, settings) =
      switch self {
      case .convolution(let layer): ("convolution", layer.tree)
      case .maxPooling(let layer): ("maxPooling", layer.tree)
      case .spatialPyramidPooling(let layer): ("spatialPyramidPooling", layer.tree)
      case .fullyConnected(let layer): ("fullyConnected", layer.tree)
      }
    return SettingTree(.group([SettingTree.Entry(key: kind, value: settings)]))
  }
}

// MARK: - The keys

extension LayerDescription.Convolution: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("filters", &filters, required: true)
    try visitor.setting("kernel", &kernel, required: true)
    try visitor.setting("stride", &stride)
    try visitor.setting("padding", &padding)
    try visitor.setting("activation", &activation)
  }
}

extension LayerDescription.MaxPooling: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("size", &size, required: true)
    if visitor.mentions("stride") == false { stride = size }
    try visitor.setting("stride", &stride)
  }
}

extension LayerDescription.SpatialPyramidPooling: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("levels", &levels, required: true)
  }
}

extension LayerDescription.FullyConnected: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("outputs", &outputs, required: true)
    try visitor.setting("activation", &activation)
    try visitor.setting("dropout", &dropout)
  }
}
