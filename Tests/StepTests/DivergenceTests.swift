import Communication
import Foundation
import Kernels
import Network
import Step
import Testing

/// A small network on all ranks, with one number spoiled: every rank gets the same answer after the same step. Alone in
/// one process; `scripts/test` runs these on several ranks.
@Suite(.serialized) struct DivergenceTests {
  @Test func nothingIsFoundWhereNothingIs() throws {
    let result = try RankStep().run()
    #expect(result.isFinite && result.divergence == nil)
  }

  @Test(arguments: ["conv1", "conv2"]) func parameters(layer: String) throws {
    let setup = try RankStep()
    try setup.set(layer, .nan)
    let divergence = try setup.run().divergence
    #expect(divergence == Divergence(quantity: .parameters, layer: layer, place: nil))
    #expect(divergence?.description == "the parameters of layer \(layer) are not finite")
  }

  /// Rank 0 alone holds the head.
  @Test func parametersOfTheHead() throws {
    let setup = try RankStep()
    if setup.world.rank == 0 { try setup.set("fc1", .infinity) }
    #expect(try setup.run().divergence == Divergence(quantity: .parameters, layer: "fc1", place: nil))
  }

  /// One image of the last slot is too much: the rank that has it is named, on every rank.
  @Test func responseOnOneRank() throws {
    let setup = try RankStep()
    try setup.set("conv2", 1e30)
    let divergence = try #require(try setup.run { $0 == RankStep.batch - 1 ? 1e10 : 1e-30 }.divergence)
    #expect(divergence.quantity == .response && divergence.layer == "conv2", "\(divergence)")
    let last = (0..<setup.world.size).last { !setup.step.shares.slots(ofRank: $0).isEmpty }
    #expect(divergence.place?.rank == last)
    #expect(divergence.description.contains("on rank \(last ?? -1), host \(setup.world.hostName)"))
  }

  /// The loss is large but a number; the gradient of the lowest layer is the product of two large numbers.
  @Test func gradientOfTheTower() throws {
    let setup = try RankStep()
    try setup.set("conv1", 1e-20)
    if setup.world.rank == 0 { try setup.set("fc2", 1e25) }
    let result = try setup.run { Float($0 % 5 + 1) * 1e20 }
    #expect(result.isFinite, "loss \(result.lossSum)")
    #expect(result.divergence == Divergence(quantity: .gradient, layer: "conv1", place: nil))
  }

  @Test func gradientOfTheHead() throws {
    let setup = try RankStep()
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
