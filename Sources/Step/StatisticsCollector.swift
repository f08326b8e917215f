import Communication
import Kernels
import Network

/// Collects what one step does to every layer that has weights (paper, section 2.2). Every rank has one for its leaves.
final class StatisticsCollector {
  private let network: Network
  private var tower: [LayerMoments]

  init(_ network: Network) {
    self.network = network
    tower = network.tower.layers.map { _ in LayerMoments() }
  }

  /// Takes the moments of a layer of the tower, before its backward pass.
  func collect(towerLayer index: Int, _ leaves: RankLeaves) {
    for leaf in leaves.indices {
      guard
        let moments = network.tower.moments(ofLayer: index, leaves.memory[leaf], images: leaves.images(of: leaf))
      else { return }
      tower[index] += moments
    }
  }

  /// Adds up the moments over the ranks, which all call it after the update.
  ///
  /// - Returns: the statistics of the layers in order, on rank 0; an empty list elsewhere.
  func rows(of step: DistributedStep, _ sgd: SGD) throws -> [LayerStatistics] {
    let ofRanks = try tower.map { try step.world.allgather($0) }
    guard let head = step.head else { return [] }
    // No gradient comes down to a frozen layer, and nothing moves it.
    let towerRows = network.tower.layers.enumerated().filter { network.tower.isTrained[$0.offset] }.map {
      index, layer in
      row(layer.name, ofRanks[index].reduce(into: LayerMoments()) { $0 += $1 }, step, sgd)
    }
    let headRows = network.head.layers.enumerated().filter { $0.element.parameters.rate > 0 }.map { index, layer in
      row(layer.name, network.head.moments(ofLayer: index, head.memory, rows: step.shares.batch), step, sgd)
    }
    return towerRows + headRows
  }

  private func row(_ name: String, _ moments: LayerMoments, _ step: DistributedStep, _ sgd: SGD) -> LayerStatistics {
    var norms = UpdateNorms()
    for tensor in network.architecture.parameters where tensor.layer == name && tensor.role == .weight {
      norms.add(
        weights: network.parameters.base + tensor.offset, momentum: step.momentum.base + tensor.offset,
        gradient: step.gradient.base + tensor.offset, count: tensor.count, weightDecay: sgd.weightDecay)
    }
    return LayerStatistics(
      layer: name, responseDeviation: moments.response.standardDeviation,
      gradientDeviation: moments.gradient.standardDeviation, updateRatio: norms.updateRatio,
      decayShare: norms.decayShare)
  }
}
