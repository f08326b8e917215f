import Communication
import Kernels
import Network

/// What one step did to one layer: whether signals reach it, and what moves it (paper, section 2.2).
public struct LayerStatisticsRow: Equatable, Sendable {
  public var layer: String
  /// Of the responses before their activation, over the whole mini-batch.
  public var responseDeviation: Double
  /// Of the gradients of the mini-batch's mean loss with respect to them.
  public var gradientDeviation: Double
  /// The norm of the weights' update over that of the weights.
  public var updateRatio: Double
  /// ‖λw‖ / (‖λw‖ + ‖g‖): 1 where weight decay alone moves the layer, which is what diminishing gradients look like.
  public var decayShare: Double
}

/// Collects the statistics of every layer that has weights, while one step runs.
///
/// Made on all ranks for the steps that are to be noted, and set as `DistributedStep.statistics` before them.
public final class LayerStatistics {
  private var tower: [LayerMoments]
  /// The layers in order, on rank 0 after the step.
  public private(set) var rows: [LayerStatisticsRow] = []

  public init(_ network: Network) {
    tower = network.tower.layers.map { _ in LayerMoments() }
  }

  /// Before the backward pass of a layer of the tower.
  func collect(towerLayer index: Int, _ step: DistributedStep) {
    for leaf in step.leafMemory.indices {
      guard
        let moments = step.network.tower.moments(
          ofLayer: index, step.leafMemory[leaf], images: step.images(ofLeaf: leaf))
      else { return }
      tower[index] += moments
    }
  }

  /// After the update: adds up over the ranks, which all call it.
  func finish(_ step: DistributedStep, _ sgd: SGD) throws {
    let network = step.network
    let parts = try tower.map { try step.world.allgather($0) }
    guard step.world.rank == 0, let headMemory = step.headMemory else { return }
    rows = []
    for (index, layer) in network.tower.layers.enumerated() where !layer.parameterRange.isEmpty {
      let moments = parts[index].reduce(into: LayerMoments()) { $0 += $1 }
      rows.append(row(layer.name, moments, step, sgd))
    }
    for (index, layer) in network.head.layers.enumerated() {
      let moments = network.head.moments(ofLayer: index, headMemory, rows: step.shares.batch)
      rows.append(row(layer.name, moments, step, sgd))
    }
  }

  private func row(_ name: String, _ moments: LayerMoments, _ step: DistributedStep, _ sgd: SGD) -> LayerStatisticsRow {
    var norms = UpdateNorms()
    for tensor in step.network.architecture.parameters where tensor.layer == name && tensor.role == .weight {
      addUpdateNorms(
        weights: step.network.parameters.base + tensor.offset, momentum: step.momentum.base + tensor.offset,
        gradient: step.gradient.base + tensor.offset, count: tensor.count, weightDecay: sgd.weightDecay, to: &norms)
    }
    return LayerStatisticsRow(
      layer: name, responseDeviation: moments.response.standardDeviation,
      gradientDeviation: moments.gradient.standardDeviation, updateRatio: norms.updateRatio,
      decayShare: norms.decayShare)
  }
}
