import Datasets
import Images
import System
import Testing

/// Mixed images and their labels, which are the same wherever their slots are computed.
@Suite struct MixedSamplesTests {
  private struct NumberedSamples: SampleSource {
    let extents = Extents(channels: 1, height: 4, width: 4)
    let classCount = 3
    let labels: [Int32] = (0..<23).map { $0 % 3 }
    let mean = MeanImage(values: [Float](repeating: 0, count: 16), extents: Extents(channels: 1, height: 4, width: 4))
    let scale: Float = 1
    let isCostly: Bool

    func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) throws(DataError) {
      for pixel in 0..<16 { output[pixel] = Float(100 * epoch + sample) + Float(pixel) / 16 }
    }
  }

  private let mixing = SampleMixing(mixup: 0.5, cutMix: 1, probability: 0.9)

  private func images(_ batch: Int, _ slots: [Range<Int>], isCostly: Bool) throws -> (images: [[Float]], all: Samples) {
    let source = NumberedSamples(isCostly: isCostly)
    func supply() -> SampleSupply {
      SampleSupply(
        source, stream: SampleStream(seed: 9, sampleCount: 23, batch: batch), mixing: mixing, loadingThreads: 2,
        endIteration: 6)
    }
    var images: [[Float]] = []
    var all: Samples?
    for slots in slots {
      let supply = supply()
      for iteration in 0..<6 {
        let samples = try supply.take(iteration: iteration, slots: slots, labelsAll: slots.lowerBound == 0)
        if slots.lowerBound == 0, iteration == 5 { all = samples }
        #expect(samples.labels.count == (slots.lowerBound == 0 ? batch : 0))
        guard iteration == 5 else { continue }
        for slot in slots {
          var image = [Float](repeating: .nan, count: 16)
          samples.load(slot: slot, into: &image)
          images.append(image)
        }
        try samples.check()
      }
    }
    return (images, try #require(all))
  }

  /// However the slots are divided, also inside of pairs, and whether they are loaded ahead or not.
  @Test(arguments: [8, 7, 1]) func theDivisionChangesNothing(batch: Int) throws {
    let whole = try images(batch, [0..<batch], isCostly: false).images
    for size in [1, 2, 3, 5] {
      let parts = stride(from: 0, to: batch, by: size).map { $0..<min($0 + size, batch) }
      for isCostly in [false, true] {
        #expect(try images(batch, parts, isCostly: isCostly).images == whole, "parts of \(size), \(isCostly)")
      }
    }
  }

  @Test func imagesAndLabelsAreMixedAlike() throws {
    let batch = 7
    let (images, samples) = try images(batch, [0..<batch], isCostly: false)
    let source = NumberedSamples(isCostly: false)
    var stream = SampleStream(seed: 9, sampleCount: 23, batch: batch)
    let places = stream.samples(iteration: 5, slots: 0..<batch)
    func alone(_ slot: Int) throws -> [Float] {
      var image = [Float](repeating: .nan, count: 16)
      try source.load(sample: places[slot].sample, epoch: places[slot].epoch, into: &image)
      return image
    }
    #expect(samples.labels == places.map { source.labels[$0.sample] })
    for slot in 0..<batch {
      let partner = slot == 6 ? 6 : slot ^ 1
      #expect(samples.partners[slot] == samples.labels[partner])
      var expected = try alone(slot)
      let mix = slot == 6 ? .none : mixing.draw(seed: 9, iteration: 5, slot: slot, of: source.extents)
      mix.apply(to: &expected, partner: try alone(partner), source.extents)
      #expect(images[slot] == expected && samples.shares[slot] == mix.share, "slot \(slot)")
    }
    #expect(Set(samples.shares).count > 2 && samples.shares[6] == 1)
  }
}
