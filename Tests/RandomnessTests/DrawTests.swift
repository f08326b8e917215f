import Randomness
import Testing

/// The draws of a stream, word by word, against another program's (`Tests/Golden/draws.py`): every run's crops, orders
/// and subsets depend on them.
@Suite struct DrawTests {
  private let seed: UInt64 = 0x0123_4567_89AB_CDEF

  @Test func wordsOfAPair() {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: 7, 9)
    let words = (0..<10).map { _ in stream.next32() }
    #expect(
      words == [
        0xa56c_edac, 0x8d69_5363, 0x53f4_eb01, 0x0369_2183, 0x50bb_706c, 0xdaf4_087f, 0xa333_d050, 0xe7f1_5a90,
        0xa57e_addf, 0x96a4_0ab3,
      ])
  }

  @Test func longWordsAreTwoWords() {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: 7, 9)
    #expect(stream.next() == 0xa56c_edac_8d69_5363)
    #expect(stream.next() == 0x53f4_eb01_0369_2183)
  }

  @Test func numbersBelowABound() {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: 7, 9)
    #expect((0..<8).map { _ in stream.uniform(below: 1000) } == [646, 552, 327, 13, 315, 855, 637, 906])
  }

  @Test func sharesAndCoins() {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: 7, 9)
    #expect(stream.uniformFloat() == Float(0xa5_6ced) / 0x1p24)
    #expect((0..<4).map { _ in stream.coin() } == [true, true, true, false])
  }

  /// Gaussians are compared in single precision: the last bit of a Double is the C library's.
  @Test func gaussians() {
    var stream = RandomStream(seed: seed, purpose: .initialization, owner: 3)
    let values = (0..<6).map { _ in Float(stream.gaussian()) }
    #expect(values == [1.762642, -1.3532863, -0.7228715, 0.9568559, -0.93394697, 0.6052741])
  }

  @Test func permutation() {
    var stream = RandomStream(seed: seed, purpose: .permutation, owner: 4)
    #expect(stream.permutation(12) == [1, 5, 2, 8, 4, 11, 0, 3, 10, 7, 6, 9])
  }
}
