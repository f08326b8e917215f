import System
import Testing

/// Values of the reference program `xxhsum -H64`, and of the reference's self-test for the seed.
@Test func hashIsXXH64() {
  func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 { xxHash64(bytes, seed: seed) }
  #expect(hash([]) == 0xEF46_DB37_51D8_E999)
  #expect(hash([], seed: 2_654_435_761) == 0xAC75_FDA2_929B_17EF)
  #expect(hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
  let sentence = "The quick brown fox jumps over the lazy dog, 64 bits at a time."
  #expect(hash(Array(sentence.utf8)) == 0x3F55_B1BE_2360_FB81)
  #expect(hash((0..<1003).map { UInt8(($0 * $0 * 7 + 3) % 256) }) == 0x17F8_F58E_A6B6_5FDD)
}
