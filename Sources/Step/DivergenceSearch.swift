import Communication
import Kernels
import Network

/// Finds the layer that diverged. All ranks call these functions together, and get the same answer.
extension DistributedStep {
  /// The layers in order: the tower's, then the head's.
  private var layerNames: [String] {
    network.tower.layers.map(\.name) + network.head.layers.map(\.name)
  }

  /// The range of each layer's parameters in the network's vector; empty for a layer that has none.
  private var layerRanges: [Range<Int>] {
    network.tower.layers.map(\.parameterRange) + network.head.layers.map(\.parameters.range)
  }

  /// Finds where it began that a forward pass ended in a loss that is NaN or infinite.
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
        return leaves.indices.contains {
          !network.tower.isFinite(layer: layer, leaves.memory[$0], images: leaves.images(of: $0))
        }
      }
      return head.map { !network.head.isFinite(layer: layer - tower, $0.memory, rows: shares.batch) } ?? false
    }
    let found = try world.allgather((parameters: badParameters ?? .max, response: badResponse ?? .max))
    let parameters = found.map(\.parameters).min() ?? .max
    let response = found.map(\.response).min() ?? .max
    // Parameters that are NaN or infinite make every response above them so.
    if parameters < names.count, parameters <= response {
      return Divergence(quantity: .parameters, layer: names[parameters], place: nil)
    }
    guard response < names.count, let rank = found.firstIndex(where: { $0.response == response }) else {
      return Divergence(quantity: .loss, layer: "", place: nil)
    }
    return Divergence(
      quantity: .response, layer: names[response], place: response < tower ? (rank, world.hostNames[rank]) : nil)
  }

  /// Finds the first layer on the way down whose gradient is NaN or infinite, after a step; returns nil where all are
  /// finite.
  ///
  /// The ranks hold the same gradient of the tower; only rank 0 has the head's. They agree by one number, so that none
  /// goes on where another stops.
  ///
  /// - Parameter updated: the layer at which this rank's updates met a value that is not finite, as an index of the
  ///   architecture's layers; nil where they met none.
  func divergenceOfGradient(_ updated: Int?) throws -> Divergence? {
    var last = [Int64(updated ?? -1)]
    try world.allreduceMaximum(&last)
    guard last[0] >= 0 else { return nil }
    return Divergence(quantity: .gradient, layer: network.architecture.layers[Int(last[0])].name, place: nil)
  }
}
