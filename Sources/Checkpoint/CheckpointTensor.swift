/// A parameter, its momentum and its moving average where they lie in memory, in the network's order. Nothing is
/// copied; the caller keeps the memory alive.
public struct CheckpointTensor {
  /// The layer's name, a name in `/data`.
  public let layer: String
  /// The place among the layer's parameters: 0 the weights, 1 the biases; a PReLU layer has only 0.
  public let blob: Int
  /// The extents, slowest first; none for a scalar.
  public let shape: [Int]
  public let values: UnsafeMutableBufferPointer<Float>
  /// The momentum of each value; without it only the parameter is written or read.
  public let momentum: UnsafeMutableBufferPointer<Float>?
  /// The moving average of each value; nil where none is kept.
  public let average: UnsafeMutableBufferPointer<Float>?

  public init(
    layer: String, blob: Int, shape: [Int], values: UnsafeMutableBufferPointer<Float>,
    momentum: UnsafeMutableBufferPointer<Float>? = nil, average: UnsafeMutableBufferPointer<Float>? = nil
  ) {
    precondition(
      !layer.isEmpty && layer != "." && !layer.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 },
      "\"\(layer)\" cannot be a layer's name in a file")
    precondition(layer.utf8.count <= 255, "the layer's name has \(layer.utf8.count) bytes, at most 255 are allowed")
    precondition(blob >= 0, "blob \(blob) of \(layer)")
    precondition(shape.allSatisfy { $0 > 0 } && shape.count <= 32, "\(layer)/\(blob) has the shape \(shape)")
    let count = shape.reduce(1, *)
    precondition(values.count == count, "\(layer)/\(blob) \(shape) has \(count) values, not \(values.count)")
    for (vector, noun) in [(momentum, "momentum"), (average, "average")] {
      precondition(
        vector == nil || vector?.count == count,
        "\(layer)/\(blob) \(shape) has \(count) \(noun) values, not \(vector?.count ?? 0)")
    }
    self.layer = layer
    self.blob = blob
    self.shape = shape
    self.values = values
    self.momentum = momentum
    self.average = average
  }

  /// The number of vectors.
  var vectorCount: Int { 1 + (momentum == nil ? 0 : 1) + (average == nil ? 0 : 1) }

  /// The name and the shape, without the values.
  public var description: TensorDescription {
    TensorDescription(layer: layer, blob: blob, shape: shape)
  }
}

/// A tensor's name and shape.
public struct TensorDescription: Codable, Equatable, Sendable, CustomStringConvertible {
  public let layer: String
  public let blob: Int
  public let shape: [Int]

  public init(layer: String, blob: Int, shape: [Int]) {
    self.layer = layer
    self.blob = blob
    self.shape = shape
  }

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  /// The tensor's name below `/data`.
  var name: String { "\(layer)/\(blob)" }

  public var description: String {
    "\(name) \(shape)"
  }
}
