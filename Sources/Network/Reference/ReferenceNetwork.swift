import Kernels

/// A whole network by its layers' definitions, in Double: plain loops over plain maps, (image, channel, row, column),
/// with nothing shared with the fast kernels. The gradients of the network in single precision are held against its
/// differences.
public struct ReferenceNetwork {
  public let architecture: ResolvedArchitecture
  /// The random numbers of the dropout; nil if every unit is kept.
  public let dropout: DropoutIteration?

  public init(_ architecture: ResolvedArchitecture, dropout: DropoutIteration? = nil) {
    self.architecture = architecture
    self.dropout = dropout
  }

  /// The result of a forward pass.
  public struct Outcome {
    /// The maps of the last layer that was computed, one for each image.
    public var maps: [[Double]]
    public var kinks = Kinks()
  }

  /// Computes some layers, one after the other.
  ///
  /// - Parameters:
  ///   - maps: The first of these layers' input, one planar map for each image.
  ///   - layers: Indices of `ResolvedArchitecture.layers`.
  ///   - parameters: The value at a place of the network's whole vector.
  public func forward(_ maps: [[Double]], layers: Range<Int>, parameters: @escaping (Int) -> Double) -> Outcome {
    var outcome = Outcome(maps: maps)
    for index in layers {
      let layer = architecture.layers[index]
      let own = architecture.parameters.filter { $0.layerIndex == index }
      func values(_ role: ParameterDescription.Role) -> [Double] {
        own.first { $0.role == role }.map { $0.range.map(parameters) } ?? []
      }
      let (biases, slopes) = (values(.bias), values(.slope))
      let start = own.first { $0.role == .weight }?.offset ?? 0
      for row in outcome.maps.indices {
        var pass = ReferencePass(
          layer: layer, weight: { parameters(start + $0) }, biases: biases, slopes: slopes,
          dropout: dropout.map { ($0, index, row) }, kinks: outcome.kinks)
        outcome.maps[row] = layer.description.settings.reference(outcome.maps[row], &pass)
        outcome.kinks = pass.kinks
      }
    }
    return outcome
  }

  /// Computes all layers and the mean loss of the mini-batch.
  public func loss(
    _ images: [[Double]], labels: [Int], parameters: @escaping (Int) -> Double
  ) -> (loss: Double, kinks: Kinks) {
    let outcome = forward(images, layers: architecture.layers.indices, parameters: parameters)
    let losses = zip(outcome.maps, labels).map { SoftmaxLossReference($0, label: $1).loss }
    return (losses.reduce(0, +) / Double(losses.count), outcome.kinks)
  }
}
