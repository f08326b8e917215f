import Randomness
import Testing

/// Known answers from the `kat_vectors` of the Random123 distribution, which the paper's authors publish.
@Test func philoxKnownAnswers() {
  let zero = Philox(key: SIMD2(0, 0)).block(SIMD4(0, 0, 0, 0))
  #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
  let ones = Philox(key: SIMD2(repeating: .max)).block(SIMD4(repeating: .max))
  #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
  let pi = Philox(key: SIMD2(0xa409_3822, 0x299f_31d0))
    .block(SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344))
  #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
}

@Test func streamsOfDifferentOwnersDiffer() {
  func first(_ purpose: RandomPurpose, _ owner: UInt32, _ second: UInt32, seed: UInt64 = 1) -> UInt64 {
    var stream = RandomStream(seed: seed, purpose: purpose, owner: owner, second)
    return stream.next()
  }
  let draws = [
    first(.dropout, 1, 2), first(.dropout, 2, 1), first(.augmentation, 1, 2), first(.dropout, 1, 2, seed: 2),
    first(.dropout, 1, 2, seed: 1 << 32 | 1),
  ]
  #expect(Set(draws).count == draws.count)
  #expect(first(.dropout, 1, 2) == draws[0])
}

@Test func gaussianHasMeanZeroAndStandardDeviationOne() {
  var stream = RandomStream(seed: 5, purpose: .initialization, owner: 0)
  let count = 200_000
  let values = (0..<count).map { _ in stream.gaussian() }
  let mean = values.reduce(0, +) / Double(count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
  // Five standard errors: 5/√200000 for the mean, 5·√(2/200000) for the variance.
  #expect(abs(mean) < 0.0112)
  #expect(abs(variance - 1) < 0.0159)
}

@Test func permutationHoldsEachIndexOnce() {
  for count in [0, 1, 2, 7, 1000] {
    var stream = RandomStream(seed: 9, purpose: .permutation, owner: UInt64(count))
    #expect(stream.permutation(count).sorted() == (0..<Int32(count)).map { $0 })
  }
}

@Test func uniformCoversItsRangeEvenly() {
  var stream = RandomStream(seed: 3, purpose: .subset, owner: 0)
  var counts = [Int](repeating: 0, count: 7)
  for _ in 0..<70_000 { counts[stream.uniform(below: 7)] += 1 }
  // Five standard deviations of a binomial count: 5·√(70000·(1/7)·(6/7)).
  #expect(counts.allSatisfy { abs($0 - 10_000) < 463 }, "\(counts)")
}

/// Known answers of the algorithm's reference implementation (Vigna's `splitmix64.c`) for the seed 1234567.
@Test func splitMix64KnownAnswers() {
  var numbers = SplitMix64(seed: 1_234_567)
  let drawn = (0..<5).map { _ in numbers.next() }
  #expect(
    drawn == [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ])
}
