import Communication
import Network
import RankTestSupport
import Step
import Testing

/// Steps with even and uneven shares, and with shares that change on the way, agree to rounding. Alone in one process;
/// `scripts/test` runs these on several ranks.
@Suite(.serialized) struct UnevenSharesTests {
  private static let steps = 6

  /// All parameters of rank 0 and the tower's elsewhere, after some steps; `change` is called between them.
  private func parameters(_ shares: Shares?, change: (RankStep, Int) -> Void = { _, _ in }) throws -> [Float] {
    let small = try RankStep(shares: shares)
    for iteration in 0..<Self.steps {
      change(small, iteration)
      let result = try small.run(iteration: iteration)
      #expect(result.isFinite && result.divergence == nil)
    }
    let known = small.world.rank == 0 ? 0..<small.network.parameters.count : small.network.architecture.towerRange
    return Array(small.network.parameters.values[known])
  }

  private func uneven(_ ranks: Int, first: Int) -> Shares {
    var images = [Int](repeating: 1, count: ranks)
    images[0] = min(first, RankStep.batch - ranks + 1)
    images[ranks - 1] += RankStep.batch - images.reduce(0, +)
    let even = Shares(batch: RankStep.batch, ranks: ranks, leaves: 8)
    return Shares(images: images, leafSize: even.leafSize, leaves: 8)
  }

  private func expectAgreement(_ values: [Float], _ expected: [Float]) {
    #expect(values.count == expected.count)
    for (value, other) in zip(values, expected) { #expect(abs(value - other) <= 1e-5 * max(1, abs(other))) }
    // Another order of additions somewhere, or the test compares a thing with itself.
    #expect(expected.contains { $0 != 0 })
  }

  @Test(arguments: [1, 5, 9, 13]) func unevenShares(first: Int) throws {
    let ranks = rankCount
    expectAgreement(try parameters(uneven(ranks, first: first)), try parameters(nil))
  }

  @Test func sharesThatChange() throws {
    let ranks = rankCount
    let changing = try parameters(nil) { small, iteration in
      guard iteration > 0 else { return }
      small.step.adopt(uneven(ranks, first: [3, 12, 1, 8, 15][iteration - 1]))
      #expect(small.step.shares.slots(ofRank: 0).count == small.step.shares.imagesOfRanks[0])
    }
    expectAgreement(changing, try parameters(nil))
  }
}
