import Communication
import Kernels
import Network

/// Where training left the numbers: the first layer in which a value was NaN or infinite.
public struct Divergence: Equatable, Sendable, CustomStringConvertible {
  public enum Quantity: Equatable, Sendable {
    /// A layer's weights, biases or slopes, before the step.
    case parameters
    /// What a layer computed from numbers: the first such layer on the way up.
    case response
    /// The loss, of scores that are numbers.
    case loss
    /// The gradient of a layer's parameters, over the whole mini-batch: the first such layer on the way down.
    case gradient
  }

  public let quantity: Quantity
  /// Empty for the loss.
  public let layer: String
  /// The first rank that found it, and its host; nil for what all ranks have in common.
  public let place: (rank: Int, host: String)?

  public init(quantity: Quantity, layer: String, place: (rank: Int, host: String)?) {
    self.quantity = quantity
    self.layer = layer
    self.place = place
  }

  public static func == (a: Divergence, b: Divergence) -> Bool {
    a.quantity == b.quantity && a.layer == b.layer && a.place?.rank == b.place?.rank && a.place?.host == b.place?.host
  }

  public var description: String {
    switch quantity {
    case .parameters: "the parameters of layer \(layer) are not finite"
    case .response:
      "the response of layer \(layer) is not finite" + (place.map { " (on rank \($0.rank), host \($0.host))" } ?? "")
    case .loss: "the loss is not finite"
    case .gradient: "the gradient of layer \(layer) is not finite"
    }
  }
}

/// The search for the layer that diverged. All ranks call these together, and get the same answer.
extension DistributedStep {
  /// The layers in order: the tower's, then the head's.
  private var layerNames: [String] {
    network.tower.layers.map(\.name) + network.head.layers.map(\.name)
  }

  /// The parameters' place in the network's vector of each layer; empty for one that has none.
  private var layerRanges: [Range<Int>] {
    network.tower.layers.map(\.parameterRange) + network.head.layers.map(\.parameters.range)
  }

  /// After a forward pass whose loss is no number: why.
  func divergenceOfResponses() throws -> Divergence {
    let (names, ranges) = (layerNames, layerRanges)
    let tower = network.tower.layers.count
    // Ranks other than 0 hold no head.
    let own = world.rank == 0 ? names.indices : 0..<tower
    let badParameters = own.first {
      !allFinite(network.parameters.base + ranges[$0].lowerBound, count: ranges[$0].count)
    }
    let badResponse = own.first { layer in
      guard layer >= tower else {
        return leafMemory.indices.contains {
          !network.tower.isFinite(layer: layer, leafMemory[$0], images: images(ofLeaf: $0))
        }
      }
      return headMemory.map { !network.head.isFinite(layer: layer - tower, $0, rows: shares.batch) } ?? false
    }
    let found = try world.allgather((parameters: badParameters ?? .max, response: badResponse ?? .max))
    let parameters = found.map(\.parameters).min() ?? .max
    let response = found.map(\.response).min() ?? .max
    // Parameters that are none make every response above them one.
    if parameters < names.count, parameters <= response {
      return Divergence(quantity: .parameters, layer: names[parameters], place: nil)
    }
    guard response < names.count, let rank = found.firstIndex(where: { $0.response == response }) else {
      return Divergence(quantity: .loss, layer: "", place: nil)
    }
    return Divergence(
      quantity: .response, layer: names[response], place: response < tower ? (rank, world.hostNames[rank]) : nil)
  }

  /// After a step: the first layer on the way down whose gradient is no number; nil where all are numbers.
  ///
  /// The ranks hold the same gradient of the tower; the head's is rank 0's alone. They agree by one number, so that none
  /// goes on where another stops.
  ///
  /// - Parameter updated: what this rank's updates said, an index of the architecture's layers.
  func divergenceOfGradient(_ updated: Int?) throws -> Divergence? {
    var last = [Int64(updated ?? -1)]
    try world.allreduceMaximum(&last)
    guard last[0] >= 0 else { return nil }
    return Divergence(quantity: .gradient, layer: network.architecture.layers[Int(last[0])].name, place: nil)
  }
}
