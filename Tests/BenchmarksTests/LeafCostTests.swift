import Benchmarks
import Testing

@Suite struct LeafCostTests {
  @Test func onTheLineBetweenAndBeyondThePoints() {
    // A leaf costs 3 s, and an image 2 s up to 4 images, then 1 s.
    let cost = LeafCost([.init(images: 1, seconds: 5), .init(images: 4, seconds: 11), .init(images: 8, seconds: 15)])
    #expect([1, 2, 4, 6, 8, 16].map { cost.seconds(images: $0) } == [5, 7, 11, 13, 15, 23])
    #expect(cost.seconds(images: 0) == 0)
  }

  @Test func inProportionFromASinglePoint() {
    let cost = LeafCost([.init(images: 4, seconds: 2)])
    #expect([0, 1, 4, 16].map { cost.seconds(images: $0) } == [0, 0.5, 2, 8])
  }

  @Test func aLineThatFallsIsNoise() {
    let cost = LeafCost([.init(images: 1, seconds: 3), .init(images: 2, seconds: 2.9)])
    #expect(cost.seconds(images: 16) == 3)
  }

  @Test func coresAfterAmdahl() {
    // A quarter is serial: 8 · (1/4 + 3/4 / 3) = 4.
    let cost = CoreCost(oneCore: 8, on: 3, seconds: 4)
    #expect(abs(cost.serialShare - 0.25) < 1e-12)
    #expect(abs(cost.seconds(cores: 6) - 3) < 1e-12)
    #expect(cost.seconds(cores: 1) == 8)
    // Work that is faster than evenly divided, or slower than on one core, says nothing about more cores.
    #expect(CoreCost(oneCore: 8, on: 2, seconds: 3).serialShare == 0)
    #expect(CoreCost(oneCore: 8, on: 2, seconds: 9).serialShare == 1)
    #expect(CoreCost(oneCore: 8, on: 1, seconds: 8).serialShare == 0)
  }
}
