import Network
import System

extension Configuration {
  /// The network and the start of its parameters.
  public struct Model: Equatable, Sendable {
    /// The name of the built-in architecture; nil where the layers are the user's own.
    public private(set) var architecture: String?
    /// The user's own layers; empty with a built-in architecture.
    public private(set) var layers: [LayerDescription] = []
    /// The function after every layer but the last. When it is set, those of the user's own layers that have the former
    /// one change too; a layer with another one keeps that.
    public var activation = Activation.prelu {
      didSet {
        for index in layers.indices.dropLast() where layers[index].activation == oldValue {
          layers[index].setActivation(activation)
        }
      }
    }
    /// The number of filters of the narrowest layers; nil where the architecture's are fixed.
    public var width: Int?
    /// The number of convolutions that are added to a built-in architecture.
    public var extraLayers = 0
    /// The number of outputs of the last layer.
    public var classes: Int
    public var input: Extents
    public var initializer = Initializer()
    /// The value that learned activation coefficients start at.
    public var initialSlope = 0.25

    /// Takes the first architecture of the catalog.
    init() {
      let entry = ArchitectureCatalog.entries[0]
      architecture = entry.name
      width = entry.width
      classes = entry.classes
      input = entry.input
    }

    /// The setting that the number of classes comes from: the key `classes`, or the outputs of the last of the user's
    /// own layers where that key does not say otherwise.
    public var settingOfClasses: String {
      guard let last = layers.last, let scores = last.settings as? any HeadLayerKind, scores.outputs == classes else {
        return "model.classes"
      }
      return "model.layers.\(layers.count).\(type(of: last.settings).key).outputs"
    }

    /// Takes a built-in architecture with its own width, classes and input, and no extra layers.
    public mutating func choose(architecture name: String) throws(ArchitectureError) {
      let entry = try ArchitectureCatalog.entry(named: name)
      architecture = entry.name
      layers = []
      width = entry.width
      extraLayers = 0
      classes = entry.classes
      input = entry.input
    }
  }

  /// Returns the network that the settings describe.
  public func architecture() throws(ArchitectureError) -> Architecture {
    var result: Architecture
    if let name = model.architecture {
      result = try ArchitectureCatalog.architecture(
        named: name, activation: model.activation, classes: model.classes, input: model.input,
        extraLayers: model.extraLayers, width: model.width)
    } else {
      result = Architecture(name: "your network", input: model.input, layers: model.layers)
    }
    for index in result.layers.indices {
      guard var layer = result.layers[index].settings as? any HeadLayerKind else { continue }
      if index == result.layers.count - 1 {
        layer.outputs = model.classes
      } else if let dropout = training.dropout {
        layer.dropout = Float(dropout)
      }
      result.layers[index].settings = layer
    }
    result.rates = try layerRates(of: result.layers)
    return result
  }
}

// MARK: - The keys

extension Configuration.Model: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    if visitor.mentions("layers") == true, visitor.mentions("architecture") == true {
      throw visitor.invalid("layers", "give the name of an architecture or layers of your own, not both")
    }
    // A text with layers makes the network the user's own; a text with an architecture, or with neither, makes it a
    // built-in one or leaves it so.
    if visitor.mentions("layers") ?? (architecture == nil) {
      try visitOwn(&visitor)
    } else {
      try visitBuiltIn(&visitor)
    }
    try visitor.setting("classes", &classes)
    try visitor.setting("initializer", &initializer.rule)
    try visitor.setting("accountsForSlope", &initializer.accountsForSlope)
    try visitor.setting("inputRangeFactor", &initializer.inputRangeFactor)
    try visitor.setting("fullyConnectedDeviation", &initializer.fullyConnected)
    try visitor.setting("initialSlope", &initialSlope)
  }

  private mutating func visitBuiltIn(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    var name = architecture ?? ""
    try visitor.setting("architecture", &name)
    // The widths of one architecture mean nothing to another.
    if name != architecture {
      do {
        try choose(architecture: name)
      } catch {
        throw visitor.invalid("architecture", error.problem)
      }
    }
    try visitor.setting("activation", &activation)
    try visitor.setting("width", &width)
    try visitor.setting("extraLayers", &extraLayers)
    try visitor.setting("input", &input)
  }

  private mutating func visitOwn(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    architecture = nil
    width = nil
    extraLayers = 0
    try visitor.setting("activation", &activation)
    try visitor.setting("input", &input, required: true)
    var own = OwnLayers(layers: layers, activation: activation)
    try visitor.setting("layers", &own)
    layers = own.layers
    // The last layer has the number of classes, unless the key classes, which follows, has another.
    if visitor.mentions("layers") == true, let scores = layers.last?.settings as? any HeadLayerKind {
      classes = scores.outputs
    }
  }
}

extension Activation: ChoiceSetting {}

extension Extents: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("channels", &channels)
    try visitor.setting("height", &height)
    try visitor.setting("width", &width)
  }
}

extension Initializer.Rule: ChoiceSetting {
  static var choices: [String] { names }
  init?(choice: String) { self.init(name: choice) }
  var choice: String { name }
}

/// The deviations of the fully connected layers: `rule`, or two numbers `[hidden, last]`.
extension Initializer.FullyConnected: Setting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    if tree.content == .plain("rule") || tree.content == .text("rule") {
      self = .rule
      return
    }
    var deviations: [Double] = []
    guard case .list = tree.content else { throw place.expected("rule or a list of two numbers", found: tree) }
    try deviations.read(tree, at: place)
    guard deviations.count == 2 else {
      throw place.error(
        .wrongType, "expected two numbers, of the hidden layers and of the last one, found \(deviations.count)")
    }
    self = .fixed(hidden: deviations[0], last: deviations[1])
  }

  var tree: SettingTree {
    switch self {
    case .rule: SettingTree(.text("rule"))
    case .fixed(let hidden, let last): [hidden, last].tree
    }
  }
}
