import Foundation
import Images
import System
import Testing

@Suite struct SampleLoaderTests {
  /// Returns the output of `SampleLoader.load`, computed pixel by pixel: pad, crop, mirror.
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
    // A margin on both sides shows writes outside of the output.
    var buffer = [Float](repeating: .nan, count: loader.extents.count + 64)
    buffer.withUnsafeMutableBufferPointer { write($0.baseAddress! + 32) }
    #expect(buffer.prefix(32).allSatisfy(\.isNaN) && buffer.suffix(32).allSatisfy(\.isNaN))
    return Array(buffer.dropFirst(32).dropLast(32))
  }

  @Test(arguments: [
    (Extents(channels: 1, height: 28, width: 28), 2), (Extents(channels: 3, height: 5, width: 7), 3),
    (Extents(channels: 2, height: 1, width: 1), 1), (Extents(channels: 1, height: 3, width: 2), 5),
    (Extents(channels: 3, height: 9, width: 33), 0),
  ])
  func equalsTheNaiveLoop(extents: Extents, padding: Int) {
    let images = sampleImages(4, extents)
    for mirror in [false, true] {
      let augmentation = Augmentation(padding: padding, mirror: mirror)
      let loader = SampleLoader(
        images: images, mean: MeanImage(of: images), augmentation: augmentation, seed: 11, scale: 0.3)
      for epoch in 0..<20 {
        for sample in 0..<4 {
          let draw = augmentation.draw(seed: 11, epoch: epoch, sample: sample, of: extents)
          let loaded = load(loader) { loader.load(sample: sample, epoch: epoch, into: $0) }
          #expect(loaded == naive(loader, draw, sample: sample), "seed 11, epoch \(epoch), sample \(sample), \(draw)")
        }
      }
    }
  }

  @Test func noAugmentationSubtractsTheMeanOnly() {
    let images = sampleImages(4, Extents(channels: 3, height: 5, width: 7))
    let mean = MeanImage(of: images)
    let plain = SampleLoader(images: images, mean: mean, augmentation: .none, seed: 1, scale: 0.25)
    for sample in 0..<4 {
      let expected = zip(images.pixels(of: sample), mean.values).map { (Float($0) - $1) * 0.25 }
      #expect(load(plain) { plain.load(sample: sample, epoch: 3, into: $0) } == expected)
    }
  }

  /// The seed is 5. Bounds are five standard deviations of a binomial count.
  @Test func drawsAreUniform() {
    let augmentation = Augmentation(padding: 2, mirror: true)
    let extents = Extents(channels: 1, height: 8, width: 8)
    var offsets = [[Int]: Int]()
    var mirrored = 0
    for sample in 0..<5000 {
      for epoch in 0..<2 {
        let draw = augmentation.draw(seed: 5, epoch: epoch, sample: sample, of: extents)
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
    let extents = Extents(channels: 1, height: 8, width: 8)
    let draws = [(1, 0, 7), (2, 0, 7), (1, 1, 7), (1, 0, 8), (1, 7, 0)].map {
      augmentation.draw(seed: $0.0, epoch: $0.1, sample: $0.2, of: extents)
    }
    for (index, draw) in draws.enumerated() {
      #expect(!draws[..<index].contains(draw))
    }
    #expect(augmentation.draw(seed: 1, epoch: 0, sample: 7, of: extents) == draws[0])
    var unmirrored = draws[0]
    unmirrored.mirrored = false
    #expect(Augmentation(padding: 100, mirror: false).draw(seed: 1, epoch: 0, sample: 7, of: extents) == unmirrored)
  }

  // MARK: - Scale jitter

  /// Returns the weights with which a line's positions make position `new` of a line of `target`: a triangle as wide as
  /// the positions it gathers.
  private func triangle(_ source: Int, _ target: Int, at new: Int) -> [Double] {
    let scale = Double(source) / Double(target)
    let center = (Double(new) + 0.5) * scale
    let weights = (0..<source).map { max(0, 1 - abs(Double($0) + 0.5 - center) / max(scale, 1)) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// Resizes the whole image, then picks pixels.
  private func naiveResized(_ loader: SampleLoader, _ draw: Augmentation.Draw, sample: Int) -> [Float] {
    let extents = loader.extents
    let (height, width) = (extents.height, extents.width)
    let pixels = loader.images.pixels(of: sample)
    let rows = (0..<draw.extents.height).map { triangle(height, draw.extents.height, at: $0) }
    let columns = (0..<draw.extents.width).map { triangle(width, draw.extents.width, at: $0) }
    var result: [Float] = []
    for channel in 0..<extents.channels {
      for y in 0..<height {
        for x in 0..<width {
          let (row, column) = (y + draw.rows, (draw.mirrored ? width - 1 - x : x) + draw.columns)
          guard rows.indices.contains(row), columns.indices.contains(column) else {
            result.append(0)
            continue
          }
          var sum = 0.0
          for inputY in 0..<height where rows[row][inputY] > 0 {
            for inputX in 0..<width {
              let place = (channel * height + inputY) * width + inputX
              sum +=
                rows[row][inputY] * columns[column][inputX]
                * Double(Float(pixels[place]) - loader.mean.values[place])
            }
          }
          result.append(Float(sum) * loader.scale)
        }
      }
    }
    return result
  }

  @Test(arguments: [
    (Extents(channels: 1, height: 28, width: 28), 2, 24...33),
    (Extents(channels: 3, height: 5, width: 8), 1, 3...9),
    (Extents(channels: 2, height: 9, width: 4), 0, 1...3),
    (Extents(channels: 1, height: 1, width: 1), 3, 1...4),
    (Extents(channels: 1, height: 6, width: 6), 20, 5...7),
  ])
  func resizedSamplesEqualTheNaiveLoop(extents: Extents, padding: Int, sides: ClosedRange<Int>) {
    let images = sampleImages(4, extents)
    let augmentation = Augmentation(padding: padding, mirror: true, shorterSide: sides)
    let loader = SampleLoader(
      images: images, mean: MeanImage(of: images), augmentation: augmentation, seed: 11, scale: 0.3)
    var sizes = Set<Extents>()
    for epoch in 0..<40 {
      for sample in 0..<4 {
        let draw = augmentation.draw(seed: 11, epoch: epoch, sample: sample, of: extents)
        sizes.insert(draw.extents)
        let loaded = load(loader) { loader.load(sample: sample, epoch: epoch, into: $0) }
        let expected = naiveResized(loader, draw, sample: sample)
        #expect(
          zip(loaded, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "seed 11, epoch \(epoch), sample \(sample), \(draw)"
        )
      }
    }
    #expect(sizes.count == sides.count)
    #expect(Set(sizes.map { min($0.height, $0.width) }) == Set(sides))
  }

  /// A crop without padding stays on a larger image, and a smaller image stays in the crop; every place is drawn.
  @Test func jitteredCropsStayInside() {
    let extents = Extents(channels: 1, height: 4, width: 6)
    let augmentation = Augmentation(padding: 0, mirror: false, shorterSide: 2...8)
    var places: [Extents: Set<[Int]>] = [:]
    for sample in 0..<3000 {
      let draw = augmentation.draw(seed: 5, epoch: 0, sample: sample, of: extents)
      places[draw.extents, default: []].insert([draw.rows, draw.columns])
    }
    #expect(places.count == 7)
    for (resized, drawn) in places {
      func slack(_ new: Int, _ old: Int) -> ClosedRange<Int> { new < old ? new - old...0 : 0...new - old }
      let (rows, columns) = (slack(resized.height, 4), slack(resized.width, 6))
      #expect(drawn == Set(rows.flatMap { row in columns.map { [row, $0] } }), "\(resized)")
    }
    // The shifts of padding and the mirror image are those without jitter.
    let plain = Augmentation(padding: 3, mirror: true)
    let fixed = Augmentation(padding: 3, mirror: true, shorterSide: 4...4)
    #expect(
      (0..<50).allSatisfy {
        plain.draw(seed: 5, epoch: 1, sample: $0, of: extents) == fixed.draw(seed: 5, epoch: 1, sample: $0, of: extents)
      })
  }
}
