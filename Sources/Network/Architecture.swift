/// The extents of one image or feature map.
public struct MapShape: Codable, Equatable, Hashable, Sendable, CustomStringConvertible {
  public var channels: Int
  public var height: Int
  public var width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Values in one image or map.
  public var count: Int { channels * height * width }

  public var description: String { "\(channels)×\(height)×\(width)" }
}

/// The function after a convolution or a fully connected layer.
public enum Activation: String, Codable, CaseIterable, Sendable {
  case none
  /// max(0, y): PReLU with a = 0.
  case relu
  /// PReLU with a fixed at 0.01.
  case lrelu
  /// PReLU with one learned coefficient per channel (Eqn 1).
  case prelu
  /// PReLU with one learned coefficient per layer.
  case preluShared = "prelu-shared"

  /// Whether the coefficients are learned.
  public var isLearned: Bool { self == .prelu || self == .preluShared }

  /// The coefficients of a layer with `channels` channels that are learned.
  public func parameterCount(channels: Int) -> Int {
    switch self {
    case .none, .relu, .lrelu: 0
    case .prelu: channels
    case .preluShared: 1
    }
  }
}

/// One layer of an architecture: what a user writes, no arithmetic.
public enum LayerDescription: Equatable, Sendable {
  case convolution(Convolution)
  case maxPooling(MaxPooling)
  case spatialPyramidPooling(SpatialPyramidPooling)
  case fullyConnected(FullyConnected)

  /// A convolution with bias, and the activation after it.
  public struct Convolution: Codable, Equatable, Sendable {
    public var name: String
    public var filters: Int
    /// Height and width of the filters.
    public var kernel: Int
    public var stride: Int
    /// Zeros added on each side.
    public var padding: Int
    public var activation: Activation

    public init(
      name: String, filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, activation: Activation
    ) {
      self.name = name
      self.filters = filters
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.activation = activation
    }
  }

  /// The maximum of each window; windows overlap where `stride < size`. Windows that do not fit are dropped.
  public struct MaxPooling: Codable, Equatable, Sendable {
    public var name: String
    public var size: Int
    public var stride: Int

    public init(name: String, size: Int, stride: Int) {
      self.name = name
      self.size = size
      self.stride = stride
    }
  }

  /// For each level n an n×n grid of max-pooled bins over the whole map (paper: SPP [11]); bin i spans
  /// ⌊i·H/n⌋ … ⌈(i+1)·H/n⌉. No levels: the map itself, as a plain vector.
  public struct SpatialPyramidPooling: Codable, Equatable, Sendable {
    public var name: String
    public var levels: [Int]

    public init(name: String, levels: [Int]) {
      self.name = name
      self.levels = levels
    }
  }

  /// A fully connected layer with bias, the activation after it, then dropout.
  public struct FullyConnected: Codable, Equatable, Sendable {
    public var name: String
    public var outputs: Int
    public var activation: Activation
    /// The share of units dropped in training.
    public var dropout: Float

    public init(name: String, outputs: Int, activation: Activation, dropout: Float = 0) {
      self.name = name
      self.outputs = outputs
      self.activation = activation
      self.dropout = dropout
    }
  }

  public var name: String {
    switch self {
    case .convolution(let layer): layer.name
    case .maxPooling(let layer): layer.name
    case .spatialPyramidPooling(let layer): layer.name
    case .fullyConnected(let layer): layer.name
    }
  }
}

/// A network as data: input extents and layers in order. The layers before the first fully connected one are the
/// *tower*, which every rank runs on its share; the fully connected ones are the *head*, which rank 0 runs.
public struct Architecture: Codable, Equatable, Sendable {
  public var name: String
  public var input: MapShape
  public var layers: [LayerDescription]

  public init(name: String, input: MapShape, layers: [LayerDescription]) {
    self.name = name
    self.input = input
    self.layers = layers
  }
}

/// A layer is coded as its kind and its settings: `{"convolution": {"name": "conv1", "filters": 64, …}}`.
extension LayerDescription: Codable {
  private enum Kind: String, CodingKey {
    case convolution, maxPooling, spatialPyramidPooling, fullyConnected
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Kind.self)
    guard let kind = container.allKeys.first, container.allKeys.count == 1 else {
      let context = DecodingError.Context(
        codingPath: decoder.codingPath,
        debugDescription: "expected one kind of layer, found \(container.allKeys.map(\.rawValue))")
      throw DecodingError.dataCorrupted(context)
    }
    switch kind {
    case .convolution: self = .convolution(try container.decode(Convolution.self, forKey: kind))
    case .maxPooling: self = .maxPooling(try container.decode(MaxPooling.self, forKey: kind))
    case .spatialPyramidPooling:
      self = .spatialPyramidPooling(try container.decode(SpatialPyramidPooling.self, forKey: kind))
    case .fullyConnected: self = .fullyConnected(try container.decode(FullyConnected.self, forKey: kind))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    switch self {
    case .convolution(let layer): try container.encode(layer, forKey: .convolution)
    case .maxPooling(let layer): try container.encode(layer, forKey: .maxPooling)
    case .spatialPyramidPooling(let layer): try container.encode(layer, forKey: .spatialPyramidPooling)
    case .fullyConnected(let layer): try container.encode(layer, forKey: .fullyConnected)
    }
  }
}
