import Foundation
import Images
import System
import Testing

@Suite struct RandomErasingTests {
  private let extents = Extents(channels: 3, height: 20, width: 28)

  /// The seed is 3. Bounds are five standard deviations.
  @Test func rectanglesAreAsOftenAsLargeAndAsLongAsAskedFor() {
    let erasing = RandomErasing(probability: 0.4)
    var (areas, ratios) = ([Double](), [Double]())
    var (tops, bottoms) = (Set<Int>(), Set<Int>())
    for sample in 0..<20000 {
      guard let erased = erasing.draw(seed: 3, epoch: 2, sample: sample, of: extents) else { continue }
      #expect(erased.rows.lowerBound >= 0 && erased.rows.upperBound <= 20 && !erased.rows.isEmpty)
      #expect(erased.columns.lowerBound >= 0 && erased.columns.upperBound <= 28 && !erased.columns.isEmpty)
      areas.append(Double(erased.rows.count * erased.columns.count) / 560)
      ratios.append(log(Double(erased.rows.count) / Double(erased.columns.count)))
      tops.insert(erased.rows.lowerBound)
      bottoms.insert(erased.rows.upperBound)
    }
    #expect(abs(areas.count - 8000) < 350, "seed 3: \(areas.count) of 20000")
    // Rounding to whole pixels makes a small rectangle up to half a row and half a column larger or smaller than drawn.
    #expect(areas.min()! > 0.01 && areas.max()! < 0.37)
    #expect(ratios.min()! > -log(1 / 0.3) - 0.3 && ratios.max()! < log(1 / 0.3) + 0.3)
    let mean = areas.reduce(0, +) / Double(areas.count)
    #expect(abs(mean - 0.175) < 0.01, "seed 3: a mean area of \(mean)")
    #expect(areas.contains { $0 < 0.04 } && areas.contains { $0 > 0.31 })
    #expect(ratios.contains { $0 < -1 } && ratios.contains { $0 > 0.9 })
    #expect(tops.contains(0) && bottoms.contains(20))
  }

  @Test func whatIsNotErasedIsAsTheSourceHasIt() throws {
    let images = sampleImages(4, extents)
    let source = SampleLoader(
      images: images, mean: MeanImage(of: images), augmentation: Augmentation(padding: 2, mirror: true), seed: 9,
      scale: 0.3)
    let erasing = RandomErasing(probability: 0.5)
    let samples = ErasedSamples(source, erasing, seed: 9)
    #expect(samples.extents == extents && samples.labels == source.labels && samples.classCount == source.classCount)
    var erasedCount = 0
    for epoch in 0..<30 {
      for sample in 0..<4 {
        var expected = [Float](repeating: .nan, count: extents.count)
        source.load(sample: sample, epoch: epoch, into: &expected)
        let erased = erasing.draw(seed: 9, epoch: epoch, sample: sample, of: extents)
        erasedCount += erased == nil ? 0 : 1
        for channel in 0..<3 {
          for row in erased?.rows ?? 0..<0 {
            for column in erased?.columns ?? 0..<0 { expected[(channel * 20 + row) * 28 + column] = 0 }
          }
        }
        var loaded = [Float](repeating: .nan, count: extents.count)
        try samples.load(sample: sample, epoch: epoch, into: &loaded)
        let isAsExpected = loaded == expected
        #expect(isAsExpected, "seed 9, epoch \(epoch), sample \(sample)")
      }
    }
    #expect((30...90).contains(erasedCount), "seed 9: \(erasedCount) of 120")
  }

  @Test func probabilitiesOfNoneAndAll() {
    for sample in 0..<200 {
      #expect(RandomErasing(probability: 0).draw(seed: 1, epoch: 0, sample: sample, of: extents) == nil)
      #expect(RandomErasing(probability: 1).draw(seed: 1, epoch: 0, sample: sample, of: extents) != nil)
    }
    // No rectangle is smaller than an image of one pixel.
    let pixel = Extents(channels: 1, height: 1, width: 1)
    #expect(RandomErasing(probability: 1).draw(seed: 1, epoch: 0, sample: 0, of: pixel) == nil)
  }

  @Test func rectanglesBelongToSeedEpochAndSample() {
    let erasing = RandomErasing(probability: 1)
    // Epochs beyond 32 bits, which balanced sampling can reach, have the draws of their lower bits.
    #expect(
      erasing.draw(seed: 1, epoch: 1 << 32, sample: 3, of: extents)?.rows
        == erasing.draw(seed: 1, epoch: 0, sample: 3, of: extents)?.rows)
    func draw(_ seed: UInt64, _ epoch: Int, _ sample: Int) -> [Int] {
      let erased = erasing.draw(seed: seed, epoch: epoch, sample: sample, of: extents)!
      return [
        erased.rows.lowerBound, erased.rows.upperBound, erased.columns.lowerBound, erased.columns.upperBound,
      ]
    }
    #expect(draw(1, 0, 7) == draw(1, 0, 7))
    #expect(Set([draw(1, 0, 7), draw(2, 0, 7), draw(1, 1, 7), draw(1, 0, 8), draw(1, 7, 0)]).count == 5)
  }
}
