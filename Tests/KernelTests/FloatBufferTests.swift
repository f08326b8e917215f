import Kernels
import Testing

/// Also one large enough for huge pages.
@Test(arguments: [0, 1, 15, 16, 17, 1000, 3_000_000])
func buffersAreZeroAndAligned(count: Int) {
  let buffer = FloatBuffer(count)
  #expect(buffer.count == count && buffer.values.count == count)
  #expect(UInt(bitPattern: buffer.base) % 64 == 0)
  #expect(buffer.values.allSatisfy { $0 == 0 })
  for index in 0..<count { buffer.base[index] = Float(index) }
  #expect((0..<count).allSatisfy { buffer.values[$0] == Float($0) })
}
