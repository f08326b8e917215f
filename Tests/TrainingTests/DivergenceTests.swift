import Checkpoint
import Communication
import Foundation
import Kernels
import Network
import Testing
import Training

/// A small network on all ranks, with one number spoiled: every rank gets the same answer after the same step. Alone in
/// one process; `scripts/test` runs these on several ranks.
@Suite(.serialized) struct DivergenceTests {
  private static let batch = 16
  private static let classes = 3

  private final class Setup {
    let world: World
    let step: DistributedStep
    var network: Network { step.network }

    init() throws {
      world = try World.start()
      _ = finishAtExit
      let network = try Network(
        Architecture(
          name: "small", input: MapShape(channels: 1, height: 4, width: 4),
          layers: [
            .convolution(.init(name: "conv1", filters: 3, kernel: 3, padding: 1, activation: .prelu)),
            .maxPooling(.init(name: "pool", size: 2, stride: 2)),
            .convolution(.init(name: "conv2", filters: 5, kernel: 2, activation: .relu)),
            .fullyConnected(.init(name: "fc1", outputs: 6, activation: .preluShared)),
            .fullyConnected(.init(name: "fc2", outputs: classes, activation: .none)),
          ]
        ).resolved())
      Initializer().fill(network.parameters.values, for: network.architecture, seed: 3, initialSlope: 0.25)
      step = DistributedStep(
        network, world: world, shares: Shares(batch: batch, ranks: world.size), seed: 3, on: ThreadPool(threads: 1))
    }

    /// Weights of one sign and a few sizes: equal ones would give gradients that cancel.
    func set(_ layer: String, _ value: Float) throws {
      let tensor = try #require(network.architecture.parameters.first { $0.layer == layer && $0.role == .weight })
      for (number, place) in tensor.range.enumerated() {
        network.parameters.base[place] = value * (1 + Float(number % 7) / 8)
      }
    }

    func run(image: @escaping @Sendable (_ slot: Int) -> Float = { Float($0 % 5) - 2 }) throws -> StepResult {
      try step.run(
        iteration: 0, sgd: SGD(learningRate: 0.01, momentum: 0.9, weightDecay: 0.0005),
        labels: (0..<batch).map { Int32($0 % classes) }, stop: false, save: false
      ) { slot, target in
        for index in 0..<16 { target[index] = image(slot) * Float(index - 7) }
      }
    }
  }

  @Test func nothingIsFoundWhereNothingIs() throws {
    let result = try Setup().run()
    #expect(result.isFinite && result.divergence == nil)
  }

  @Test(arguments: ["conv1", "conv2"]) func parameters(layer: String) throws {
    let setup = try Setup()
    try setup.set(layer, .nan)
    let divergence = try setup.run().divergence
    #expect(divergence == Divergence(quantity: .parameters, layer: layer, place: nil))
    #expect(divergence?.description == "the parameters of layer \(layer) are not finite")
  }

  /// Rank 0 alone holds the head.
  @Test func parametersOfTheHead() throws {
    let setup = try Setup()
    if setup.world.rank == 0 { try setup.set("fc1", .infinity) }
    #expect(try setup.run().divergence == Divergence(quantity: .parameters, layer: "fc1", place: nil))
  }

  /// One image of the last slot is too much: the rank that has it is named, on every rank.
  @Test func responseOnOneRank() throws {
    let setup = try Setup()
    try setup.set("conv2", 1e30)
    let divergence = try #require(try setup.run { $0 == Self.batch - 1 ? 1e10 : 1e-30 }.divergence)
    #expect(divergence.quantity == .response && divergence.layer == "conv2", "\(divergence)")
    let last = (0..<setup.world.size).last { !setup.step.shares.slots(ofRank: $0).isEmpty }
    #expect(divergence.place?.rank == last)
    #expect(divergence.description.contains("on rank \(last ?? -1), host \(setup.world.hostName)"))
  }

  /// The loss is large but a number; the gradient of the lowest layer is the product of two large numbers.
  @Test func gradientOfTheTower() throws {
    let setup = try Setup()
    try setup.set("conv1", 1e-20)
    if setup.world.rank == 0 { try setup.set("fc2", 1e25) }
    let result = try setup.run { Float($0 % 5 + 1) * 1e20 }
    #expect(result.isFinite, "loss \(result.lossSum)")
    #expect(result.divergence == Divergence(quantity: .gradient, layer: "conv1", place: nil))
  }

  @Test func gradientOfTheHead() throws {
    let setup = try Setup()
    // Large features, larger weights behind them, small ones before: only fc1's gradient is too large.
    try setup.set("conv2", 1e20)
    if setup.world.rank == 0 {
      try setup.set("fc1", 1e-20)
      try setup.set("fc2", 1e25)
    }
    let result = try setup.run()
    #expect(result.isFinite, "loss \(result.lossSum)")
    #expect(result.divergence?.quantity == .gradient && result.divergence?.layer == "fc1", "\(result)")
  }
}

/// The schedule's part in going back: the state of the checkpoint, a tenth of the rate, twice.
@Test func rollbacksLowerTheRateTwice() {
  var schedule = LearningRateSchedule(.steps(.init(epochs: [1])), baseRate: 0.5)
  let dropped = schedule.evaluated(validationTop1Error: 10, epochsDone: 1)
  #expect(dropped && schedule.state.learningRateDrops == 1)
  let former = ScheduleState()
  let first = schedule.rollBack(to: former)
  #expect(first && schedule.learningRate == 0.5 / 10 && schedule.state.learningRateDrops == 0)
  let second = schedule.rollBack(to: former)
  #expect(second && schedule.learningRate == 0.5 / 10 / 10)
  let third = schedule.rollBack(to: former)
  #expect(!third && schedule.state.rollbacks == 2)
}

/// MPI wants to be finished after the last test, and only the process's end tells which was the last.
private let finishAtExit = atexit { try? World.start().finish() }
