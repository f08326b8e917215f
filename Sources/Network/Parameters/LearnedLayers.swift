/// The learned coefficients of a layer's activation.
public struct LayerSlopes: Equatable, Sendable {
  /// The layer's name in its architecture.
  public let layer: String
  /// Whether there is one coefficient for the whole layer, instead of one for each channel.
  public let isShared: Bool
  public let values: [Float]

  public init(layer: String, isShared: Bool, values: [Float]) {
    self.layer = layer
    self.isShared = isShared
    self.values = values
  }
}

/// The filters of a convolution.
public struct FilterBank: Equatable, Sendable {
  public let layer: String
  /// The extents, (filters, channels, height, width).
  public let shape: [Int]
  /// The weights in the order of `shape`.
  public let values: [Float]

  public init(layer: String, shape: [Int], values: [Float]) {
    precondition(
      shape.count == 4 && shape.reduce(1, *) == values.count, "\(values.count) weights for filters of \(shape)")
    self.layer = layer
    self.shape = shape
    self.values = values
  }
}

extension Network {
  /// A copy of the coefficients of all layers that learn them, in net order.
  public var slopes: [LayerSlopes] {
    architecture.parameters.filter { $0.role == .slope }.map { tensor in
      LayerSlopes(
        layer: architecture.layers[tensor.layerIndex].name, isShared: tensor.shape.isEmpty,
        values: Array(parameters.values[tensor.range]))
    }
  }

  /// A copy of the filters of the first convolution; nil if there is none.
  public var firstFilters: FilterBank? {
    architecture.parameters.first { $0.role == .weight && $0.shape.count == 4 }.map { tensor in
      FilterBank(
        layer: architecture.layers[tensor.layerIndex].name, shape: tensor.shape,
        values: Array(parameters.values[tensor.range]))
    }
  }
}
