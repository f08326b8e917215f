import Images
import System
import Testing

@Test func subsetsOfSubsetsFindTheirPixels() {
  let images = sampleImages(10)
  let subset = images.subset([9, 3, 5, 0]).subset([2, 0, 0])
  #expect(subset.count == 3)
  #expect(subset.labels == [5, 9, 9].map { images.labels[$0] })
  for (index, original) in [5, 9, 9].enumerated() {
    #expect(subset.pixels(of: index) == images.pixels(of: original))
  }
}

@Test func subsetsCopyNoPixels() {
  let images = sampleImages(10)
  let address = images.withPixels(of: 7) { $0.baseAddress }
  #expect(images.subset([1, 7]).withPixels(of: 1) { $0.baseAddress } == address)
}

@Test func splitKeepsEachImageInOnePart() {
  // Each image has one pixel: its own number.
  let extents = Extents(channels: 1, height: 1, width: 1)
  let images = LabeledImages(
    pixels: (0..<200).map { UInt8($0) }, extents: extents, labels: [Int32](repeating: 0, count: 200), classCount: 1)
  let (training, validation) = split(training: images, validation: 30)
  let kept = (0..<30).map { validation.pixels(of: $0)[0] }
  let trains = (0..<170).map { training.pixels(of: $0)[0] }
  #expect(validation.count == 30)
  #expect(Set(kept + trains).count == 200)
  #expect(kept == kept.sorted() && trains == trains.sorted())
  // The images are drawn from the whole set, not cut from an end.
  #expect(kept.first! < 50 && kept.last! > 150, "\(kept)")
  #expect((0..<30).map { split(training: images, validation: 30).validation.pixels(of: $0)[0] } == kept)
  #expect(split(training: images, validation: 0).training.count == 200)
}

@Test func meanIsExact() {
  let images = sampleImages(7, Extents(channels: 2, height: 3, width: 5))
  let mean = MeanImage(of: images)
  for position in 0..<30 {
    let sum = (0..<7).reduce(0) { $0 + Int(images.pixels(of: $1)[position]) }
    #expect(mean.values[position] == Float(Double(sum) / 7))
  }
  #expect(MeanImage(of: images.subset([3, 1, 6, 0, 2, 5, 4])) == mean)
}

@Test func fingerprintTellsWhatDiffers() {
  let (training, validation) = split(training: sampleImages(20), validation: 4)
  let test = sampleImages(5, seed: 1)
  let fingerprint = DataFingerprint(kind: "idx", training: training, validation: validation, test: test)
  #expect(fingerprint.trainingCount == 16)
  #expect(fingerprint.digest.count == 16)
  #expect(
    fingerprint.differences(
      from: DataFingerprint(kind: "idx", training: training, validation: validation, test: test)) == [])

  let other = split(training: sampleImages(20), validation: 5)
  #expect(
    DataFingerprint(kind: "idx", training: other.training, validation: other.validation, test: test)
      .differences(from: fingerprint) == [
        "The data's number of training images is 15 and was 16.",
        "The data's number of validation images is 5 and was 4.",
      ])
  let larger = Extents(channels: 1, height: 3, width: 3)
  #expect(
    DataFingerprint(
      kind: "pack", training: sampleImages(16, larger, classes: 4), validation: sampleImages(4, larger),
      test: sampleImages(6, larger)
    ).differences(from: fingerprint) == [
      "The data's kind is pack and was idx.", "The data's number of test images is 6 and was 5.",
      "The data's image size is 1×3×3 and was 1×3×2.", "The data's number of classes is 4 and was 3.",
    ])
}

@Test func fingerprintSeesEveryPixelLabelAndOrder() {
  let extents = Extents(channels: 1, height: 3, width: 2)
  let pixels = scatteredBytes(6 * 4)
  func digest(_ pixels: [UInt8], _ labels: [Int32], order: [Int] = [0, 1, 2, 3]) -> String {
    let images = LabeledImages(pixels: pixels, extents: extents, labels: labels, classCount: 3).subset(order)
    let other = sampleImages(3)
    return DataFingerprint(kind: "idx", training: other, validation: other, test: images).digest
  }
  var digests: Set = [digest(pixels, [0, 1, 2, 0]), digest(pixels, [0, 1, 2, 1])]
  digests.insert(digest(pixels, [0, 1, 2, 0], order: [3, 1, 2, 0]))
  for position in pixels.indices {
    var changed = pixels
    changed[position] ^= 1
    digests.insert(digest(changed, [0, 1, 2, 0]))
  }
  #expect(digests.count == 27)
  let sample = sampleImages(3)
  let recorded = DataFingerprint(kind: "idx", training: sample, validation: sample, test: sample)
  let changed = DataFingerprint(kind: "idx", training: sample, validation: sample, test: sampleImages(3, seed: 1))
  #expect(
    changed.differences(from: recorded) == [
      "The pixels or labels are not the same: their digest is \(changed.digest) and was \(recorded.digest)."
    ])
}
