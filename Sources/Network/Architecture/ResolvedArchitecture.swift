import System

/// A layer with its extents.
public struct ResolvedLayer: Equatable, Sendable {
  public let description: LayerDescription
  /// One image's map before the layer. A fully connected layer's inputs are channels of a 1×1 map.
  public let input: Extents
  public let output: Extents
  /// The extents of the weights, the output's channels first; nil for a layer without parameters.
  public let weights: [Int]?
  /// The factor of the learning rate; 0 for a frozen layer, whose parameters stay as they are to the bit.
  public let rate: Float

  public var name: String { description.name }
  public var weightCount: Int { weights?.reduce(1, *) ?? 0 }
  public var biasCount: Int { weights == nil ? 0 : output.channels }
  /// The number of learned activation coefficients.
  public var slopeCount: Int { description.activation.parameterCount(channels: output.channels) }
  public var parameterCount: Int { weightCount + biasCount + slopeCount }
  /// The number of multiplications with an addition for one image: the products with weights, nothing else.
  public var multiplyAdds: Int { weightCount * output.height * output.width }
  /// Whether the layer counts for the depth: convolutions and fully connected layers do.
  public var hasWeights: Bool { weights != nil }
  /// Whether the layer has parameters that training changes.
  public var isTrained: Bool { hasWeights && rate > 0 }
  /// The bytes of the output of one image in float32.
  public var activationBytes: Int { output.count * 4 }
}

/// One tensor of parameters and its place in the network's flat vector of floats.
public struct ParameterDescription: Equatable, Sendable {
  public enum Role: String, Codable, Sendable { case weight, bias, slope }
  /// The part of the network that holds it: every rank has the tower, only rank 0 the head.
  public enum Part: String, Codable, Sendable { case tower, head }

  /// The layer's group in a file, as Caffe names it: a learned activation is a layer of its own, `<layer>_prelu`.
  public let layer: String
  /// The number within the group: 0 weights or slopes, 1 biases.
  public let blob: Int
  /// The extents: convolution (filters, channels, kernel, kernel); fully connected (outputs, inputs); bias and slopes
  /// (channels). One shared slope is a scalar, with no extents.
  public let shape: [Int]
  public let role: Role
  public let part: Part
  /// The index in `ResolvedArchitecture.layers` of the layer that it belongs to.
  public let layerIndex: Int
  /// The first element's place in floats, a multiple of `ResolvedArchitecture.alignment`.
  public let offset: Int
  /// The factor of the learning rate, that of the layer; 0 for a frozen one.
  public let rate: Float

  public var count: Int { shape.reduce(1, *) }
  public var range: Range<Int> { offset..<offset + count }
}

/// An architecture whose extents fit, with all that follows from them.
public struct ResolvedArchitecture: Equatable, Sendable {
  /// The number of floats of a cache line, at multiples of which tensors start. The floats between tensors are zero.
  public static let alignment = 16

  /// The architecture that was resolved, with a layer `flatten` if maps went into a fully connected layer without
  /// pooling.
  public let architecture: Architecture
  public let layers: [ResolvedLayer]
  /// The layers that every rank runs, as indices of `layers`.
  public let towerLayers: Range<Int>
  /// The layers that rank 0 runs, as indices of `layers`.
  public let headLayers: Range<Int>
  /// Every tensor in the order of the network: the tower's, then the head's.
  public let parameters: [ParameterDescription]
  /// The floats of the flat vector that hold the tower's parameters.
  public let towerRange: Range<Int>
  /// The floats of the flat vector that hold the head's parameters.
  public let headRange: Range<Int>

  public var name: String { architecture.name }
  public var input: Extents { architecture.input }
  /// The number of values of one image that the tower hands to the head.
  public var featureCount: Int { layers[headLayers.lowerBound].input.count }
  /// The number of scores of one image.
  public var classes: Int { layers[headLayers.upperBound - 1].output.count }
  /// The length of the flat vector in floats, gaps included: a multiple of `alignment`.
  public var parameterVectorLength: Int { headRange.upperBound }
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
  /// The number of learned activation coefficients.
  public var slopeCount: Int { layers.reduce(0) { $0 + $1.slopeCount } }
  /// The multiply-adds for one image, convolutions and fully connected layers together.
  public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.multiplyAdds } }
  /// The depth as the paper counts it.
  public var weightLayerCount: Int { layers.count(where: \.hasWeights) }
  /// The bytes of all layers' outputs of one image in float32.
  public var activationBytes: Int { layers.reduce(0) { $0 + $1.activationBytes } }
}
