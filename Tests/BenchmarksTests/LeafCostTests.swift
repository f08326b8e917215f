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
    #expect(cost.seconds(images: 16) == 3 && cost.isNoisy)
    #expect(!LeafCost([.init(images: 1, seconds: 3), .init(images: 2, seconds: 3.1)]).isNoisy)
  }
}
