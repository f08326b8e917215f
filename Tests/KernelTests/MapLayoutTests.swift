import Kernels
import Testing

@Test(arguments: [1, 3, 15, 16, 17, 33, 48])
func blockedMapsAreTheirDefinitionAndComeBack(channels: Int) {
  for (height, width) in [(1, 1), (1, 7), (5, 3), (13, 14), (29, 28)] {
    let extents = BlockedExtents(channels: channels, height: height, width: width)
    let source = GuardedBuffer((0..<channels * height * width).map(Float.init))
    let map = GuardedBuffer(extents.count)
    extents.fromPlanar(source.base, map.base)
    #expect(map.values == blocked(source.values, channels: channels, height: height, width: width))
    let back = GuardedBuffer(source.count)
    extents.toPlanar(map.base, back.base)
    #expect(back.values == source.values)
    #expect(map.isIntactAround && back.isIntactAround)
  }
}

@Test func extentsCountWholeBlocks() {
  let extents = BlockedExtents(channels: 17, height: 3, width: 5)
  #expect(extents.blocks == 2)
  #expect(extents.planeCount == 240)
  #expect(extents.count == 480)
  #expect([1, 15, 16, 17, 32, 33].map(blockCount) == [1, 1, 1, 2, 2, 3])
}
