import Kernels
import Testing

/// Values of an implementation by vectors of four words; counts on both sides of whole stripes of 32 bytes.
@Test(
  arguments: [
    (0, 0x3b31_e22a_f826_3c59), (1, 0x626a_1852_6997_601f), (7, 0x4fa6_7fc6_1e92_774a), (8, 0x0fb9_1020_b358_5011),
    (9, 0xccda_2f76_b160_5fec), (1000, 0xf75e_7ff6_2a0d_e671), (4097, 0xc1bf_3080_9edc_3724),
  ] as [(Int, UInt64)])
func bitsHashStaysAsItWas(count: Int, hash: UInt64) {
  let values = (0..<count).map { Float($0) * 0.37 - 5 }
  #expect(values.withUnsafeBufferPointer { bitsHash($0) } == hash)
}
