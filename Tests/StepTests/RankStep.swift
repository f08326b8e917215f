import Communication
import Foundation
import Kernels
import Network
import RankTestSupport
import Step
import System
import Testing

/// Steps of a small network on all ranks.
final class RankStep {
  static let batch = 16
  static let classes = 3

  let world: World
  let batch: Int
  let step: DistributedStep
  var network: Network { step.network }

  /// - Parameters:
  ///   - shares: nil for even ones of a mini-batch of `batch` in eight leaves.
  ///   - world: nil for that of all ranks.
  ///   - rates: the factors of layers' learning rates.
  ///   - settings: nil for a plain step.
  init(
    shares: Shares? = nil, in world: World? = nil, threads: Int = 1, rates: [String: Float] = [:],
    settings: StepSettings? = nil
  ) throws {
    let world = try world ?? startedWorld()
    self.world = world
    let shares = shares ?? Shares(batch: Self.batch, ranks: world.size, leaves: 8)
    batch = shares.batch
    var architecture = Architecture(
      name: "small", input: Extents(channels: 1, height: 4, width: 4),
      layers: [
        .convolution(.init(name: "conv1", filters: 3, kernel: 3, padding: 1, activation: .prelu)),
        .maxPooling(.init(name: "pool", size: 2, stride: 2)),
        .convolution(.init(name: "conv2", filters: 5, kernel: 2, activation: .relu)),
        .fullyConnected(.init(name: "fc1", outputs: 6, activation: .preluShared)),
        .fullyConnected(.init(name: "fc2", outputs: Self.classes, activation: .none)),
      ])
    architecture.rates = rates
    let network = Network(try architecture.resolved())
    Initializer().fill(network.parameters.values, for: network.architecture, seed: 3, initialSlope: 0.25)
    step = DistributedStep(
      network, world: world, shares: shares, settings ?? StepSettings(seed: 3), on: ThreadPool(threads: threads))
  }

  /// Weights of one sign and a few sizes: equal ones would give gradients that cancel.
  func set(_ layer: String, _ value: Float) throws {
    let tensor = try #require(network.architecture.parameters.first { $0.layer == layer && $0.role == .weight })
    for (number, place) in tensor.range.enumerated() {
      network.parameters.base[place] = value * (1 + Float(number % 7) / 8)
    }
  }

  func run(
    iteration: Int = 0, flags: UInt32 = 0, notesStatistics: Bool = false,
    image: @escaping @Sendable (_ slot: Int) -> Float = { Float($0 % 5) - 2 }
  ) throws -> StepResult {
    try step.run(
      StepOrder(
        iteration: iteration, sgd: SGD(learningRate: 0.01, momentum: 0.9, weightDecay: 0.0005),
        labels: (0..<batch).map { Int32($0 % Self.classes) }, flags: flags, notesStatistics: notesStatistics)
    ) { slot, target in
      for index in 0..<16 { target[index] = image(slot) * Float(index - 7) }
    }
  }
}
