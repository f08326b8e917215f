import Communication
import Network
import RankTestSupport
import Step
import Testing

/// Steps on 1, 2, 4 … ranks give the bits of one rank that has all leaves. Alone in one process, where they hold the
/// same step against itself; `scripts/test` runs these on several ranks.
@Suite(.serialized) struct LeafBitsTests {
  private static let steps = 4

  /// The bits of the tower's parameters and momentum after some steps, and of the losses.
  private func bits(batch: Int, leaves: Int, in world: World) throws -> [UInt32] {
    let small = try RankStep(shares: Shares(batch: batch, ranks: world.size, leaves: leaves), in: world)
    var losses: [Double] = []
    for iteration in 0..<Self.steps {
      let result = try small.run(iteration: iteration) { Float($0 * 7 % 11) - 4.7 }
      #expect(result.isFinite && result.divergence == nil)
      losses.append(result.lossSum)
    }
    try small.step.gatherMomentum()
    let tower = small.network.architecture.towerRange
    return withExtendedLifetime(small) {
      losses.flatMap { [UInt32($0.bitPattern >> 32), UInt32(truncatingIfNeeded: $0.bitPattern)] }
        + small.network.parameters.values[tower].map(\.bitPattern) + small.step.momentum.values[tower].map(\.bitPattern)
    }
  }

  @Test(
    .enabled(if: rankCount & (rankCount - 1) == 0 && rankCount <= 8, "ranks that hold no whole subtrees"),
    arguments: [(32, 32), (37, 32), (16, 16), (64, 32), (16, 8), (3, 8), (128, 128)])
  func bitsOfOneRank(batch: Int, leaves: Int) throws {
    let world = try startedWorld()
    let together = try bits(batch: batch, leaves: leaves, in: world)
    let alone = try bits(batch: batch, leaves: leaves, in: world.alone())
    #expect(together == alone)
  }

  /// Otherwise the test above would compare numbers that are the same for any leaves.
  @Test func otherLeavesGiveOtherBits() throws {
    let alone = try startedWorld().alone()
    #expect(try bits(batch: 64, leaves: 8, in: alone) != bits(batch: 64, leaves: 32, in: alone))
  }
}
