import Communication
import Testing
import Training

@Suite struct ShareBalanceTests {
  @Test(
    arguments: [
      // Twice as slow: a third of the images. Equal ones, and differences that noise makes, stay.
      (images: [64, 64], seconds: [1.0, 2.0], better: [86, 42]),
      (images: [64, 64], seconds: [1.0, 1.04], better: nil),
      (images: [85, 43], seconds: [1.0, 1.0], better: nil),
      (images: [32, 32, 32, 32], seconds: [1.0, 1.0, 1.0, 3.0], better: [39, 39, 38, 12]),
      // Every rank keeps an image, so that it is measured again.
      (images: [4, 4], seconds: [1.0, 1000.0], better: [7, 1]),
      // A rank that had nothing is taken for an average one.
      (images: [8, 0], seconds: [1.0, 0.0], better: [4, 4]),
      (images: [1, 0], seconds: [1.0, 0.0], better: nil),
      (images: [128], seconds: [1.0], better: nil),
    ] as [(images: [Int], seconds: [Double], better: [Int]?)])
  func sharesThatEndTogether(images: [Int], seconds: [Double], better: [Int]?) {
    let shares = ShareBalance.improvedImages(over: images, seconds: seconds)
    #expect(shares?.sorted() == better?.sorted())
    if let shares {
      #expect(shares.reduce(0, +) == images.reduce(0, +))
      func end(_ counts: [Int]) -> Double {
        zip(counts, zip(images, seconds)).map { $1.0 > 0 ? Double($0) * $1.1 / Double($1.0) : 0 }.max()!
      }
      #expect(end(shares) <= end(images))
    }
  }

  /// A rank whose steps have a part that no share makes shorter: the rounds come near the best.
  @Test func roundsApproachTheBest() {
    var images = [64, 64]
    func seconds(_ images: [Int]) -> [Double] { [0.1 + Double(images[0]), 0.5 + 3 * Double(images[1])] }
    for _ in 0..<5 { images = ShareBalance.improvedImages(over: images, seconds: seconds(images)) ?? images }
    #expect(images == [96, 32])
  }

  @Test func measurementsBecomeRare() {
    var balance = ShareBalance(largestLeaf: 16)
    let measured = (1...1000).filter { balance.note(Double($0)) != nil }
    #expect(measured == [8, 24, 56, 120, 248, 504, 760])
    var steady = ShareBalance(largestLeaf: 16)
    for _ in 1..<8 { #expect(steady.note(0.25) == nil) }
    #expect(steady.note(0.25) == 0.25)
  }
}
