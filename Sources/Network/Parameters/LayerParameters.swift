/// The place of one layer's parameters in the network's vector of all parameters: weights, bias, learned coefficients.
public struct LayerParameters: Equatable, Sendable {
  /// The first float of the weights (conv: filters, channels, kernel, kernel; fc: outputs, inputs).
  public let weight: Int
  /// The first float of the biases.
  public let bias: Int
  /// The first float of the activation's coefficients; equal to the end of the range if none is learned.
  public let slope: Int
  /// The floats of all of them, gaps included.
  public let range: Range<Int>
  /// The factor of the learning rate; 0 for a frozen layer.
  public let rate: Float

  /// Offsets from the start of the layer's own range.
  var weightOffset: Int { weight - range.lowerBound }
  var biasOffset: Int { bias - range.lowerBound }
  var slopeOffset: Int { slope - range.lowerBound }

  /// Finds the parameters of layer `index` of the architecture; nil for a layer without any.
  init?(ofLayer index: Int, in architecture: ResolvedArchitecture) {
    let own = architecture.parameters.filter { $0.layerIndex == index }
    guard let weight = own.first(where: { $0.role == .weight }), let bias = own.first(where: { $0.role == .bias })
    else { return nil }
    let end = own.map(\.range.upperBound).max() ?? bias.offset
    self.weight = weight.offset
    self.bias = bias.offset
    slope = own.first { $0.role == .slope }?.offset ?? end
    range = weight.offset..<end
    rate = weight.rate
  }
}
