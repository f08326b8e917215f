import Foundation
import Images
import Testing

@Suite struct SampleLoaderTests {
  /// What `SampleLoader.load` writes, pixel by pixel: pad, crop, mirror.
  private func naive(_ loader: SampleLoader, _ draw: Augmentation.Draw, sample: Int) -> [Float] {
    let (extents, padding) = (loader.extents, loader.augmentation.padding)
    let (height, width) = (extents.height, extents.width)
    let pixels = loader.images.pixels(of: sample)
    var result: [Float] = []
    for channel in 0..<extents.channels {
      var padded = [[Float]](
        repeating: [Float](repeating: 0, count: width + 2 * padding), count: height + 2 * padding)
      for y in 0..<height {
        for x in 0..<width {
          let position = (channel * height + y) * width + x
          padded[y + padding][x + padding] = (Float(pixels[position]) - loader.mean.values[position]) * loader.scale
        }
      }
      for y in 0..<height {
        let crop = (0..<width).map { padded[y + padding + draw.rows][$0 + padding + draw.columns] }
        result += draw.mirrored ? crop.reversed() : crop
      }
    }
    return result
  }

  private func load(_ loader: SampleLoader, _ write: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    // A margin on both sides shows what is written outside.
    var buffer = [Float](repeating: .nan, count: loader.extents.count + 64)
    buffer.withUnsafeMutableBufferPointer { write($0.baseAddress! + 32) }
    #expect(buffer.prefix(32).allSatisfy(\.isNaN) && buffer.suffix(32).allSatisfy(\.isNaN))
    return Array(buffer.dropFirst(32).dropLast(32))
  }

  @Test(arguments: [
    (ImageExtents(channels: 1, height: 28, width: 28), 2), (ImageExtents(channels: 3, height: 5, width: 7), 3),
    (ImageExtents(channels: 2, height: 1, width: 1), 1), (ImageExtents(channels: 1, height: 3, width: 2), 5),
    (ImageExtents(channels: 3, height: 9, width: 33), 0),
  ])
  func equalsTheNaiveLoop(extents: ImageExtents, padding: Int) {
    let images = sampleImages(4, extents)
    for mirror in [false, true] {
      let augmentation = Augmentation(padding: padding, mirror: mirror)
      let loader = SampleLoader(
        images: images, mean: MeanImage(of: images), augmentation: augmentation, seed: 11, scale: 0.3)
      for epoch in 0..<20 {
        for sample in 0..<4 {
          let draw = augmentation.draw(seed: 11, epoch: epoch, sample: sample)
          let loaded = load(loader) { loader.load(sample: sample, epoch: epoch, into: $0) }
          #expect(loaded == naive(loader, draw, sample: sample), "seed 11, epoch \(epoch), sample \(sample), \(draw)")
        }
      }
    }
  }

  @Test func noAugmentationSubtractsTheMeanOnly() {
    let images = sampleImages(4, ImageExtents(channels: 3, height: 5, width: 7))
    let mean = MeanImage(of: images)
    let plain = SampleLoader(images: images, mean: mean, augmentation: .none, seed: 1, scale: 0.25)
    for sample in 0..<4 {
      let expected = zip(images.pixels(of: sample), mean.values).map { (Float($0) - $1) * 0.25 }
      #expect(load(plain) { plain.load(sample: sample, epoch: 3, into: $0) } == expected)
    }
  }

  /// Seed 5. Bounds are five standard deviations of a binomial count.
  @Test func drawsAreUniform() {
    let augmentation = Augmentation(padding: 2, mirror: true)
    var offsets = [[Int]: Int]()
    var mirrored = 0
    for sample in 0..<5000 {
      for epoch in 0..<2 {
        let draw = augmentation.draw(seed: 5, epoch: epoch, sample: sample)
        offsets[[draw.rows, draw.columns], default: 0] += 1
        mirrored += draw.mirrored ? 1 : 0
      }
    }
    #expect(offsets.count == 25)
    #expect(offsets.keys.allSatisfy { $0.allSatisfy((-2...2).contains) })
    #expect(offsets.values.allSatisfy { abs($0 - 400) < 99 }, "\(offsets)")
    #expect(abs(mirrored - 5000) < 250)
  }

  @Test func drawsBelongToSeedEpochAndSample() {
    let augmentation = Augmentation(padding: 100, mirror: true)
    let draws = [(1, 0, 7), (2, 0, 7), (1, 1, 7), (1, 0, 8), (1, 7, 0)].map {
      augmentation.draw(seed: $0.0, epoch: $0.1, sample: $0.2)
    }
    for (index, draw) in draws.enumerated() {
      #expect(!draws[..<index].contains(draw))
    }
    #expect(augmentation.draw(seed: 1, epoch: 0, sample: 7) == draws[0])
    var unmirrored = draws[0]
    unmirrored.mirrored = false
    #expect(Augmentation(padding: 100, mirror: false).draw(seed: 1, epoch: 0, sample: 7) == unmirrored)
  }

  @Test func augmentationFromAFileIsChecked() throws {
    let augmentation = Augmentation(padding: 4, mirror: true)
    let encoded = try JSONEncoder().encode(augmentation)
    #expect(try JSONDecoder().decode(Augmentation.self, from: encoded) == augmentation)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Augmentation.self, from: Data(#"{"padding": -1, "mirror": true}"#.utf8))
    }
  }
}
