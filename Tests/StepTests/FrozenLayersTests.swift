import Communication
import Network
import RankTestSupport
import Step
import Testing

/// Frozen layers stay as they are to the bit, the others are trained as they would be without them, and the bits are
/// the same on any ranks. `scripts/test` runs these on several ranks.
@Suite(.serialized) struct FrozenLayersTests {
  /// Layers below, in the middle, above, the whole tower, the tower and a layer of the head, the head.
  static let frozen = [
    ["conv1"], ["conv2"], ["fc1"], ["conv1", "conv2"], ["conv1", "conv2", "fc1"], ["fc1", "fc2"], ["conv2", "fc2"],
  ]

  private func rates(_ frozen: [String]) -> [String: Float] {
    Dictionary(uniqueKeysWithValues: frozen.map { ($0, 0) })
  }

  private func bits(_ step: RankStep, _ description: ParameterDescription) -> [UInt32] {
    withExtendedLifetime(step) { step.network.parameters.values[description.range].map(\.bitPattern) }
  }

  /// The layer that a group in a file belongs to.
  private func layer(_ description: ParameterDescription, _ step: RankStep) -> String {
    step.network.architecture.layers[description.layerIndex].name
  }

  /// The parameters that this rank has the newest values of.
  private func own(_ step: RankStep) -> [ParameterDescription] {
    step.network.architecture.parameters.filter { $0.part == .tower || step.world.rank == 0 }
  }

  @Test(arguments: frozen) func frozenLayersStayAndOthersGoOn(layers: [String]) throws {
    let (some, all) = (try RankStep(rates: rates(layers)), try RankStep())
    let before = own(some).map { bits(some, $0) }
    let results = (try some.run(), try all.run())
    // The first step's gradient does not depend on what is updated with it.
    #expect(results.0.lossSum == results.1.lossSum && results.0.divergence == nil)
    for (description, before) in zip(own(some), before) {
      if layers.contains(layer(description, some)) {
        #expect(bits(some, description) == before, "\(description.layer)/\(description.blob)")
        #expect(some.step.momentum.values[description.range].allSatisfy { $0 == 0 }, "\(description.layer)")
      } else {
        #expect(bits(some, description) == bits(all, description), "\(description.layer)/\(description.blob)")
        // A coefficient of a map without negative responses has no gradient.
        #expect(
          bits(some, description) != before || description.role == .slope, "\(description.layer)/\(description.blob)")
      }
    }
    for iteration in 1..<4 { #expect(try some.run(iteration: iteration).divergence == nil) }
    for (description, before) in zip(own(some), before) where layers.contains(layer(description, some)) {
      #expect(bits(some, description) == before, "\(description.layer)/\(description.blob) after more steps")
    }
  }

  @Test(
    .enabled(if: rankCount & (rankCount - 1) == 0 && rankCount <= 8, "ranks that hold no whole subtrees"),
    arguments: frozen)
  func bitsOfOneRank(layers: [String]) throws {
    func bits(in world: World) throws -> [[UInt32]] {
      let step = try RankStep(
        shares: Shares(batch: RankStep.batch, ranks: world.size, leaves: 8), in: world, rates: rates(layers))
      for iteration in 0..<4 { #expect(try step.run(iteration: iteration).divergence == nil) }
      try step.step.gatherMomentum()
      return step.network.architecture.parameters.filter { $0.part == .tower }.map { self.bits(step, $0) }
    }
    let world = try startedWorld()
    #expect(try bits(in: world) == bits(in: world.alone()))
  }

  @Test func aRateMultipliesTheUpdate() throws {
    let world = try startedWorld().alone()
    let shares = Shares(batch: RankStep.batch, ranks: 1, leaves: 8)
    let (fast, plain) = (
      try RankStep(shares: shares, in: world, rates: ["fc1": 4]), try RankStep(shares: shares, in: world)
    )
    _ = (try fast.run(), try plain.run())
    for description in fast.network.architecture.parameters {
      let factor: Float = layer(description, fast) == "fc1" ? 4 : 1
      let expected = plain.step.momentum.values[description.range].map { $0 * factor }
      #expect(Array(fast.step.momentum.values[description.range]) == expected, "\(description.layer)")
    }
  }

  @Test func statisticsAreOfTheLayersThatAreTrained() throws {
    let step = try RankStep(rates: rates(["conv1", "fc1"]))
    let result = try step.run(notesStatistics: true)
    #expect(result.statistics.map(\.layer) == (step.world.rank == 0 ? ["conv2", "fc2"] : []))
    #expect(result.statistics.allSatisfy { $0.gradientDeviation > 0 && $0.updateRatio > 0 })
  }
}
