import System

/// A network as data: input extents and layers in order. The layers before the first fully connected one are the
/// *tower*, which every rank runs on its share; the fully connected ones are the *head*, which rank 0 runs.
public struct Architecture: Codable, Equatable, Sendable {
  public var name: String
  public var input: Extents
  public var layers: [LayerDescription]
  /// The factors of the learning rate by the names of layers, for those that differ from 1; a layer with 0 is frozen.
  public var rates: [String: Float] = [:]

  public init(name: String, input: Extents, layers: [LayerDescription]) {
    self.name = name
    self.input = input
    self.layers = layers
  }
}
