/// One layer of an architecture as a user writes it: the settings of a layer of some kind, without arithmetic.
public struct LayerDescription: Equatable, Sendable {
  /// All kinds of layers; `LayerKind` says what a new one takes.
  public static let kinds: [any LayerKind.Type] = [
    Convolution.self,
    MaxPooling.self,
    AveragePooling.self,
    SpatialPyramidPooling.self,
    FullyConnected.self,
  ]

  public var settings: any LayerKind

  public init(_ settings: some LayerKind) {
    self.settings = settings
  }

  public var name: String { settings.name }

  /// The function after the layer; `none` if its kind has no activation.
  public var activation: Activation { (settings as? any ActivatedLayerKind)?.activation ?? .none }

  /// Gives the layer another activation, if its kind has one.
  public mutating func setActivation(_ activation: Activation) {
    guard var activated = settings as? any ActivatedLayerKind else { return }
    activated.activation = activation
    settings = activated
  }

  public static func == (left: LayerDescription, right: LayerDescription) -> Bool {
    func areEqual<Kind: LayerKind>(_ settings: Kind) -> Bool { settings == right.settings as? Kind }
    return areEqual(left.settings)
  }
}

/// A layer is coded as its kind and its settings: `{"convolution": {"name": "conv1", "filters": 64, …}}`.
extension LayerDescription: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    guard let key = container.allKeys.first, container.allKeys.count == 1,
      let kind = Self.kinds.first(where: { $0.key == key.stringValue })
    else {
      let context = DecodingError.Context(
        codingPath: decoder.codingPath,
        debugDescription: "expected one kind of layer, found \(container.allKeys.map(\.stringValue))")
      throw DecodingError.dataCorrupted(context)
    }
    settings = try container.decode(kind, forKey: key)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(settings, forKey: Key(stringValue: type(of: settings).key))
  }
}
