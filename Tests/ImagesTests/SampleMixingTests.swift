import Images
import Randomness
import System
import TestSupport
import Testing

/// Mixup and CutMix against torchvision (`Tests/Golden/regularization.py`), and what belongs to a slot.
@Suite struct SampleMixingTests {
  private let golden: GoldenFile
  private let extents = Extents(channels: 2, height: 6, width: 9)

  init() throws {
    golden = try GoldenFile("regularization.json")
  }

  /// The second of the file's images mixed with the first.
  private func mixed(_ mix: SampleMixing.Mix) throws -> [Float] {
    let images = try golden.tensor("mix/images").values
    var own = Array(images[extents.count...])
    mix.apply(to: &own, partner: Array(images[..<extents.count]), extents)
    return own
  }

  @Test(arguments: 0..<3) func blendsAreTorchvisions(index: Int) throws {
    let share = Double(try golden.tensor("mix/blend/\(index)/share").values[0])
    for (own, expected) in zip(
      try mixed(.blend(share: share)), try golden.tensor("mix/blend/\(index)").values)
    {
      #expect(abs(own - expected) <= 1e-6)
    }
  }

  @Test(arguments: 0..<5) func rectanglesAreTorchvisions(index: Int) throws {
    let draw = try golden.tensor("mix/paste/\(index)/draw").values
    let mix = SampleMixing.rectangle(share: Double(draw[0]), row: Int(draw[1]), column: Int(draw[2]), extents)
    #expect(try mixed(mix) == golden.tensor("mix/paste/\(index)").values)
    #expect(abs(mix.share - Double(try golden.tensor("mix/paste/\(index)/share").values[0])) <= 1e-6)
  }

  @Test(arguments: [0.2, 1, 3]) func sharesHaveTheBetaDistribution(shape: Double) throws {
    let count = 20_000
    let shares = (0..<count).map { number in
      var stream = RandomStream(seed: 5, purpose: .mixing, owner: UInt64(number))
      return stream.beta(shape)
    }
    #expect(shares.allSatisfy { (0...1).contains($0) })
    for (limit, expected) in zip([0.1, 0.3, 0.5, 0.8], try golden.tensor("beta/\(shape)").values) {
      let share = Double(shares.count { $0 <= limit }) / Double(count)
      // Four standard deviations of a share of so many, which are always the same ones.
      #expect(abs(share - Double(expected)) <= 4 * 0.5 / Double(count).squareRoot(), "\(limit)")
    }
    // A small shape makes numbers that only their logarithms can tell from 0.
    var stream = RandomStream(seed: 5, purpose: .mixing, owner: 0)
    #expect((0..<100).allSatisfy { _ in (0...1).contains(stream.beta(0.001)) })
  }

  @Test func partnersAreNeighbors() {
    #expect((0..<5).map { SampleMixing.partner(of: $0, batch: 5) } == [1, 0, 3, 2, nil])
    for batch in 1...9 {
      for lower in 0..<batch {
        for upper in lower...batch {
          let paired = SampleMixing.paired(lower..<upper, batch: batch)
          let wanted = Set((lower..<upper).flatMap { [$0, SampleMixing.partner(of: $0, batch: batch) ?? $0] })
          #expect(Set(paired) == wanted, "\(lower)..<\(upper) of \(batch)")
        }
      }
    }
  }

  @Test func drawsFollowTheSettings() {
    func draws(_ mixing: SampleMixing) -> [SampleMixing.Mix] {
      (0..<400).map { mixing.draw(seed: 3, iteration: 7, slot: $0, of: extents) }
    }
    func isBlend(_ mix: SampleMixing.Mix) -> Bool { if case .blend = mix { true } else { false } }
    func isPaste(_ mix: SampleMixing.Mix) -> Bool { if case .paste = mix { true } else { false } }
    #expect(draws(SampleMixing(mixup: 1, cutMix: 0)).allSatisfy(isBlend))
    #expect(draws(SampleMixing(mixup: 0, cutMix: 1)).allSatisfy(isPaste))
    let both = draws(SampleMixing(mixup: 0.2, cutMix: 1))
    #expect((160...240).contains(both.count(where: isBlend)) && both.allSatisfy { isBlend($0) || isPaste($0) })
    let some = draws(SampleMixing(mixup: 0.2, cutMix: 1, probability: 0.25))
    #expect((70...130).contains(some.count { $0 != .none }))
    // An image that is mixed with any probability is mixed alike.
    #expect(zip(some, both).allSatisfy { $0 == .none || $0 == $1 })
    #expect(SampleMixing(mixup: 1, cutMix: 1).draw(seed: 3, iteration: 8, slot: 0, of: extents) != both[0])
  }
}
