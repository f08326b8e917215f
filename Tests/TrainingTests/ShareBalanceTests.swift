import Communication
import Network
import Testing
import Training

@Suite struct ShareBalanceTests {
  @Test(
    arguments: [
      // Twice as slow: a third of the images. Equal ones, and differences that noise makes, stay.
      (images: [64, 64], seconds: [1.0, 2.0], better: [86, 42]),
      (images: [64, 64], seconds: [1.0, 1.04], better: nil),
      (images: [85, 43], seconds: [1.0, 1.0], better: nil),
      (images: [32, 32, 32, 32], seconds: [1.0, 1.0, 1.0, 3.0], better: [39, 39, 38, 12]),
      // Every rank keeps an image, so that it is measured again.
      (images: [4, 4], seconds: [1.0, 1000.0], better: [7, 1]),
      // A rank that had nothing is taken for an average one.
      (images: [8, 0], seconds: [1.0, 0.0], better: [4, 4]),
      (images: [1, 0], seconds: [1.0, 0.0], better: nil),
      (images: [128], seconds: [1.0], better: nil),
    ] as [(images: [Int], seconds: [Double], better: [Int]?)])
  func sharesThatEndTogether(images: [Int], seconds: [Double], better: [Int]?) {
    let shares = ShareBalance.images(instead: images, seconds: seconds)
    #expect(shares?.sorted() == better?.sorted())
    if let shares {
      #expect(shares.reduce(0, +) == images.reduce(0, +))
      func end(_ counts: [Int]) -> Double {
        zip(counts, zip(images, seconds)).map { $1.0 > 0 ? Double($0) * $1.1 / Double($1.0) : 0 }.max()!
      }
      #expect(end(shares) <= end(images))
    }
  }

  /// A rank whose steps have a part that no share makes shorter: the rounds come near the best.
  @Test func roundsApproachTheBest() {
    var images = [64, 64]
    func seconds(_ images: [Int]) -> [Double] { [0.1 + Double(images[0]), 0.5 + 3 * Double(images[1])] }
    for _ in 0..<5 { images = ShareBalance.images(instead: images, seconds: seconds(images)) ?? images }
    #expect(images == [96, 32])
  }

  @Test func measurementsBecomeRare() {
    var balance = ShareBalance()
    let measured = (1...1000).filter { balance.note(Double($0)) != nil }
    #expect(measured == [8, 24, 56, 120, 248, 504, 760])
    var steady = ShareBalance()
    for _ in 1..<8 { #expect(steady.note(0.25) == nil) }
    #expect(steady.note(0.25) == 0.25)
  }
}

/// Steps with even and uneven shares, and with shares that change on the way, agree to rounding. Alone in one process;
/// `scripts/test` runs these on several ranks.
@Suite(.serialized) struct UnevenSharesTests {
  private static let steps = 6

  /// All parameters of rank 0 and the tower's elsewhere, after some steps; `change` is called between them.
  private func parameters(_ shares: Shares?, change: (SmallStep, Int) -> Void = { _, _ in }) throws -> [Float] {
    let small = try SmallStep(shares: shares)
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
    images[0] = min(first, SmallStep.batch - ranks + 1)
    images[ranks - 1] += SmallStep.batch - images.reduce(0, +)
    return Shares(images: images, leafSize: Shares(batch: SmallStep.batch, ranks: ranks).leafSize)
  }

  private func expectAgreement(_ values: [Float], _ expected: [Float]) {
    #expect(values.count == expected.count)
    for (value, other) in zip(values, expected) { #expect(abs(value - other) <= 1e-5 * max(1, abs(other))) }
    // Another order of additions somewhere, or the test compares a thing with itself.
    #expect(expected.contains { $0 != 0 })
  }

  @Test(arguments: [1, 5, 9, 13]) func unevenShares(first: Int) throws {
    let ranks = try World.start().size
    expectAgreement(try parameters(uneven(ranks, first: first)), try parameters(nil))
  }

  @Test func sharesThatChange() throws {
    let ranks = try World.start().size
    let changing = try parameters(nil) { small, iteration in
      guard iteration > 0 else { return }
      small.step.adopt(uneven(ranks, first: [3, 12, 1, 8, 15][iteration - 1]))
      #expect(small.step.shares.slots(ofRank: 0).count == small.step.shares.imagesOfRanks[0])
    }
    expectAgreement(changing, try parameters(nil))
  }
}
