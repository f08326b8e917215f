import Communication
import RankTestSupport
import Testing

private let isTree = World.addsInTreeOrder(size: rankCount)

extension RankTests {
  static let lengths = [0, 1, 2, 3, 7, 1000, 4096, 4097, 100_003]

  /// The sum over one rank is the value, and its bits stay.
  @Test(.enabled(if: isTree, "\(rankCount) ranks are no power of two"), arguments: lengths)
  func sumsHaveTheBitsOfTheTree(length: Int) {
    onAllRanks { world in
      let seed: UInt64 = 11
      let sums = try allreduced(world, length, seed)
      let all = (0..<world.size).map { values(of: $0, length, seed) }
      let wrong = (0..<length).filter { i in sums[i] != treeSum(all.map { $0[i] }).bitPattern }
      #expect(wrong.isEmpty, "seed \(seed), length \(length): \(wrong.count) sums differ, first \(wrong.prefix(3))")
      if world.size >= 4 && length >= 1000 {
        // The data tell orders apart: another one gives other bits.
        let inOrder = (0..<length).map { i in all.map { $0[i] }.reduce(-0.0, +).bitPattern }
        #expect(inOrder != sums)
      }
    }
  }

  @Test(arguments: lengths)
  func sumsAgreeOnAllRanksAndAreRightToRounding(length: Int) {
    onAllRanks { world in
      let seed: UInt64 = 12
      let sums = try allreduced(world, length, seed)
      let all = (0..<world.size).map { values(of: $0, length, seed) }
      let wrong = (0..<length).filter { i in
        // Each of the additions rounds its result, at most the sum of magnitudes, by half a unit in the last place.
        let exact = all.reduce(0.0) { $0 + Double($1[i]) }
        let bound = all.reduce(0.0) { $0 + abs(Double($1[i])) } * Double(world.size - 1) * 0x1p-24 * 1.0001
        return !(abs(Double(Float(bitPattern: sums[i])) - exact) <= bound)
      }
      #expect(wrong.isEmpty, "seed \(seed), length \(length): \(wrong.count) sums are wrong, first \(wrong.prefix(3))")
      var digest = UInt64(14_695_981_039_346_656_037)
      for sum in sums { digest = (digest ^ UInt64(sum)) &* 1_099_511_628_211 }
      let digests = try world.allgather(digest)
      #expect(Set(digests).count == 1, "seed \(seed), length \(length): ranks differ")
    }
  }

  /// The halves of the sum: each rank holds the sums of its own part, and what it makes of them reaches the others.
  @Test(arguments: lengths)
  func partsAreOwnedOnceAndReachAll(length: Int) {
    onAllRanks { world in
      let seed: UInt64 = 13
      let sums = try allreduced(world, length, seed)
      let vector = memory(values(of: world.rank, length, seed))
      let scratch = memory([Float](repeating: .nan, count: world.allreduceScratchCount(length)))
      let other = memory([Float](repeating: -7, count: length))
      defer {
        vector.deallocate()
        scratch.deallocate()
        other.deallocate()
      }
      let own = try world.reduceScatterTree(vector, scratch: scratch)
      #expect(own.allSatisfy { vector[$0].bitPattern == sums[$0] }, "seed \(seed), length \(length), \(own)")
      let parts = try world.allgather((own.lowerBound, own.upperBound)).map { $0.0..<$0.1 }
      let isDivided = isTree && length > 4096
      let owners = (0..<length).map { i in parts.count { $0.contains(i) } }
      #expect(owners.allSatisfy { $0 == (isDivided ? 1 : world.size) }, "length \(length): \(parts)")
      for i in own { other[i] = Float(i) + 0.5 }
      try world.allgatherTree(other)
      #expect((0..<length).allSatisfy { other[$0] == Float($0) + 0.5 }, "length \(length)")
    }
  }

  /// The contribution of a rank without leaves changes no bit, not even the sign of a zero.
  @Test(.enabled(if: isTree, "\(rankCount) ranks are no power of two"))
  func negativeZeroContributesNothing() {
    onAllRanks { world in
      let present: [Float] = [0.0, -0.0, .leastNonzeroMagnitude, -1.5, .greatestFiniteMagnitude]
      let values = memory(world.rank == 0 ? present : present.map { _ in -0.0 })
      let scratch = memory([Float](repeating: .nan, count: world.allreduceScratchCount(present.count)))
      defer {
        values.deallocate()
        scratch.deallocate()
      }
      try world.allreduceTree(values, scratch: scratch)
      #expect(values.map(\.bitPattern) == present.map(\.bitPattern))
    }
  }

  /// The bits of the sums, computed with poisoned scratch; nothing next to the values may change.
  private func allreduced(_ world: World, _ length: Int, _ seed: UInt64) throws -> [UInt32] {
    let guardBand: Float = 123
    let vector = memory([guardBand] + values(of: world.rank, length, seed) + [guardBand])
    let scratchCount = world.allreduceScratchCount(length)
    let scratch = memory([Float](repeating: .nan, count: scratchCount) + [guardBand])
    defer {
      vector.deallocate()
      scratch.deallocate()
    }
    try world.allreduceTree(
      UnsafeMutableBufferPointer(rebasing: vector[1..<length + 1]),
      scratch: UnsafeMutableBufferPointer(rebasing: scratch[..<scratchCount]))
    #expect(vector.first == guardBand && vector.last == guardBand)
    #expect(scratch.last == guardBand)
    return vector[1..<length + 1].map(\.bitPattern)
  }
}

/// ((0+1)+(2+3))+((4+5)+(6+7)) and so on, for 2ⁿ values.
private func treeSum(_ values: [Float]) -> Float {
  guard values.count > 1 else { return values[0] }
  let middle = values.count / 2
  return treeSum(Array(values[..<middle])) + treeSum(Array(values[middle...]))
}

/// Values of both signs and of magnitudes from 2⁻³⁰ to 2³⁰, other ones on each rank.
private func values(of rank: Int, _ length: Int, _ seed: UInt64) -> [Float] {
  (0..<length).map { i in
    let bits = mixed(seed << 48 ^ UInt64(rank) << 32 ^ UInt64(i))
    let fraction = 1 + Float(bits & 0x7f_ffff) * 0x1p-23
    let magnitude = Float(sign: .plus, exponent: Int(bits >> 32 % 61) - 30, significand: fraction)
    return bits >> 63 == 0 ? magnitude : -magnitude
  }
}

/// SplitMix64's output function.
private func mixed(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
  return z ^ z >> 31
}
