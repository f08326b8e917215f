import Kernels
import Testing

private let counts = [1, 3, 15, 16, 17, 33, 48]

/// Packed filters straight from the definition of their order:
/// [filter blocks][channel blocks][kernel][kernel][16 channels][16 filters], zero beyond the real ones.
private func packed(
  filters: Int, channels: Int, kernel: Int, weight: (_ f: Int, _ c: Int, _ r: Int, _ s: Int) -> Float
) -> [Float] {
  var result: [Float] = []
  for filterBlock in 0..<(filters + 15) / 16 {
    for channelBlock in 0..<(channels + 15) / 16 {
      for r in 0..<kernel {
        for s in 0..<kernel {
          for c in channelBlock * 16..<channelBlock * 16 + 16 {
            for f in filterBlock * 16..<filterBlock * 16 + 16 {
              result.append(f < filters && c < channels ? weight(f, c, r, s) : 0)
            }
          }
        }
      }
    }
  }
  return result
}

@Test(arguments: counts, counts)
func packingIsItsDefinition(filters: Int, channels: Int) {
  for kernel in [1, 2, 3, 5, 7] {
    let packing = FilterPacking(filters: filters, channels: channels, kernel: kernel)
    let count = filters * channels * kernel * kernel
    // Numbers that all differ: a wrong position cannot pass.
    let weights = GuardedBuffer((1...count).map(Float.init))
    func weight(_ f: Int, _ c: Int, _ r: Int, _ s: Int) -> Float {
      weights.base[((f * channels + c) * kernel + r) * kernel + s]
    }

    let forward = GuardedBuffer(packing.packedCount)
    packing.pack(weights.base, into: forward.base)
    #expect(forward.values == packed(filters: filters, channels: channels, kernel: kernel, weight: weight))

    let turned = GuardedBuffer(packing.packedCount)
    packing.packTurned(weights.base, into: turned.base)
    let expected = packed(filters: channels, channels: filters, kernel: kernel) { f, c, r, s in
      weight(c, f, kernel - 1 - r, kernel - 1 - s)
    }
    #expect(turned.values == expected)

    let unpacked = GuardedBuffer(count)
    packing.unpack(forward.base, into: unpacked.base)
    #expect(unpacked.values == weights.values)
    #expect(forward.isIntactAround && turned.isIntactAround && unpacked.isIntactAround)
  }
}
