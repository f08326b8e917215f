import Images
import System
import TestSupport
import Testing

/// Tests the paper's augmentation against the values that Tests/Golden/photos.py computes with NumPy and Pillow, seed
/// 11.
@Suite struct PhotoGoldenTests {
  private let golden: GoldenFile
  private let crop = 32

  init() throws {
    golden = try GoldenFile("photos.json")
  }

  private func colors() throws -> ColorStatistics {
    func doubles(_ name: String) throws -> [Double] { try golden.tensor(name).values.map(Double.init) }
    return ColorStatistics(
      mean: try doubles("color_mean"), covariance: try doubles("color_covariance"),
      eigenvalues: try doubles("color_eigenvalues"), eigenvectors: try doubles("color_eigenvectors"))
  }

  private func loader(
    _ pictures: [(name: String, height: Int, width: Int)], mean: [Float]? = nil, side: Int = 40, scale: Float = 1,
    isPlain: Bool = false
  ) throws -> PhotoLoader {
    PhotoLoader(
      images: try FileImages(pictures),
      mean: MeanImage(
        values: try mean ?? golden.tensor("mean").values, extents: Extents(channels: 3, height: crop, width: crop)),
      colors: try colors(),
      augmentation: isPlain ? nil : PhotoAugmentation(shorterSide: 32...80, mirror: true, colorDeviation: 0.1),
      plainSide: side,
      seed: 11, scale: scale)
  }

  private func load(_ loader: PhotoLoader, _ body: (UnsafeMutablePointer<Float>) throws -> Void) rethrows -> [Float] {
    // A margin on both sides shows writes outside of the output.
    let count = loader.extents.count
    var buffer = [Float](repeating: .nan, count: count + 64)
    try buffer.withUnsafeMutableBufferPointer { try body($0.baseAddress! + 32) }
    #expect(buffer.prefix(32).allSatisfy(\.isNaN) && buffer.suffix(32).allSatisfy(\.isNaN))
    return Array(buffer[32..<32 + count])
  }

  private func largest(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, a.allSatisfy(\.isFinite) else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func mean(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, !a.isEmpty else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.reduce(0, +) / Float(a.count)
  }

  private let pictures = [(name: "rgb.png", height: 61, width: 93), (name: "rgb-2.png", height: 71, width: 71)]

  @Test func drawsAreThoseOfTheDefinition() throws {
    let augmentation = PhotoAugmentation(shorterSide: 32...80, mirror: true, colorDeviation: 0.1)
    for picture in pictures {
      for (epoch, sample) in [(0, 0), (0, 5), (1, 0), (1, 5), (2, 0), (2, 5)] {
        let expected = try golden.tensor("\(picture.name) \(epoch) \(sample) draw").values
        let view = augmentation.view(
          seed: 11, epoch: epoch, sample: sample, of: PlaneExtents(height: picture.height, width: picture.width),
          crop: PlaneExtents(height: crop, width: crop))
        #expect(Float(min(view.resizedHeight, view.resizedWidth)) == expected[0], "epoch \(epoch), sample \(sample)")
        #expect([Float(view.top), Float(view.left), view.mirrored ? 1 : 0] == Array(expected[1...3]))
        for component in 0..<3 { #expect(abs(Float(view.alphas[component]) - expected[4 + component]) < 1e-6) }
      }
    }
  }

  /// Pillow resizes float planes without rounding. Only the order of sums differs, by less than 0.001 of 255.
  @Test func inputsAreThoseOfPillow() throws {
    for (index, picture) in pictures.enumerated() {
      for epoch in 0..<3 {
        for sample in [0, 5] {
          // The draw belongs to the sample's number, so the picture must have that number.
          let many = (0...5).map { _ in pictures[index] }
          let loader = try loader(many)
          let loaded = try load(loader) { try loader.load(sample: sample, epoch: epoch, into: $0) }
          let expected = try golden.tensor("\(picture.name) \(epoch) \(sample)").values
          #expect(largest(loaded, expected) < 1e-3, "\(picture.name), epoch \(epoch), sample \(sample)")
        }
      }
      let loader = try loader(pictures, isPlain: true)
      let plain = try load(loader) { try loader.load(sample: index, epoch: 0, into: $0) }
      #expect(largest(plain, try golden.tensor("\(picture.name) center").values) < 1e-3)
    }
  }

  @Test func scaleMultipliesWhatTheMeanLeaves() throws {
    let (one, quarter) = (try loader(pictures), try loader(pictures, scale: 0.25))
    let a = try load(one) { try one.load(sample: 1, epoch: 2, into: $0) }
    let b = try load(quarter) { try quarter.load(sample: 1, epoch: 2, into: $0) }
    #expect(b == a.map { $0 * 0.25 })
  }

  /// JPEG decoders differ by at most one in the chroma's upsampling. A picture that is scaled down while it is decoded
  /// is averaged over blocks instead of filtered by triangles: 0.5 of 255 in the mean for a smooth one.
  @Test func partsOfJPEGFilesAreThoseOfPillow() throws {
    let zero = [Float](repeating: 0, count: 3 * crop * crop)
    for (name, height, width, side, bound) in [
      ("rgb-420.jpg", 61, 93, 200, Float(0.4)), ("large.jpg", 620, 760, 100, 0.5),
    ] {
      let loader = try loader([(name, height, width)], mean: zero, side: side, isPlain: true)
      let loaded = try load(loader) { try loader.load(sample: 0, epoch: 0, into: $0) }
      let expected = try golden.tensor("\(name) center \(side)").values
      #expect(mean(loaded, expected) < bound, "\(name): \(mean(loaded, expected))")
      #expect(largest(loaded, expected) < 3, "\(name): \(largest(loaded, expected))")
    }
  }

  /// The files have ink colors, as Pillow writes and reads them, without black and with it. Products may round to the
  /// other side.
  @Test(arguments: ["cmyk.jpg", "ink.jpg"]) func inkColorsAreThoseOfPillow(name: String) throws {
    let image = try ImageDecoder.decode(path: "\(photoFolder)/\(name)", channels: 3)
    let expected = try golden.tensor(name)
    #expect([image.extents.channels, image.extents.height, image.extents.width] == expected.shape)
    #expect(largest(image.bytes.map { Float($0) }, expected.values) <= 1)
  }

  @Test func statisticsAreThoseOfNumPy() throws {
    let intake = PictureIntake(PictureIntake.Settings(meanSide: 40, meanCrop: 32))
    var statistics = PhotoStatistics(side: 32)
    for picture in pictures {
      statistics.add(try intake.take(path: "\(photoFolder)/\(picture.name)", wantsCrop: true).crop)
    }
    // A value at a half, which sums in another order round to the other side, differs by one.
    #expect(largest(statistics.mean.values, try golden.tensor("mean").values) <= 0.5)
    #expect(mean(statistics.mean.values, try golden.tensor("mean").values) < 0.01)
    let (found, expected) = (statistics.colors, try colors())
    #expect(zip(found.mean, expected.mean).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(zip(found.covariance, expected.covariance).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(zip(found.eigenvalues, expected.eigenvalues).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(zip(found.eigenvectors, expected.eigenvectors).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  /// The order does not matter, nor do sums of sums.
  @Test func statisticsDoNotDependOnTheOrder() {
    let crops = (0..<7).map { scatteredBytes(3 * 5 * 5, seed: $0) }
    var forward = PhotoStatistics(side: 5)
    for crop in crops { forward.add(crop) }
    var (left, right) = (PhotoStatistics(side: 5), PhotoStatistics(side: 5))
    for crop in crops[3...].reversed() { right.add(crop) }
    for crop in crops[..<3] { left.add(crop) }
    right.add(left)
    #expect(forward == right)
  }

  /// Every shape of picture and crop, even one that is enlarged a hundredfold, gives finite numbers and reads inside.
  @Test(arguments: [
    ("one-pixel.png", 1, 1), ("rgba.png", 84, 60), ("palette.png", 71, 71), ("grey-16.png", 84, 60),
    ("grey.jpg", 84, 60), ("cmyk.jpg", 71, 71), ("progressive.jpg", 61, 93), ("rgb-422.jpg", 84, 60),
    ("rgb-444.jpg", 71, 71), ("turned.jpg", 61, 93), ("large.jpg", 620, 760),
  ])
  func everyKindOfPictureLoads(name: String, height: Int, width: Int) throws {
    let loader = try loader([(name, height, width)])
    for epoch in 0..<8 {
      let loaded = try load(loader) { try loader.load(sample: 0, epoch: epoch, into: $0) }
      #expect(loaded.allSatisfy { $0.isFinite && abs($0) < 400 }, "\(name), epoch \(epoch)")
    }
  }

  @Test func aPictureOfOtherExtentsIsNamed() throws {
    let loader = try loader([("rgb-420.jpg", 60, 93)], isPlain: true)
    let words = message {
      try load(loader) { try loader.load(sample: 0, epoch: 0, into: $0) }
    }
    #expect(words.contains("rgb-420.jpg: expected a whole JPEG picture"), "\(words)")
    #expect(words.contains("93×61 pixels instead of 93×60"), "\(words)")
  }

  /// The seed is 3. Bounds are five standard deviations.
  @Test func sidesAndColorsAreDrawnAsThePaperSays() {
    let augmentation = PhotoAugmentation(shorterSide: 256...512, mirror: true, colorDeviation: 0.1)
    let views = (0..<5000).map {
      augmentation.view(
        seed: 3, epoch: 1, sample: $0, of: PlaneExtents(height: 375, width: 500),
        crop: PlaneExtents(height: 224, width: 224))
    }
    let sides = views.map { Double($0.resizedHeight) }
    #expect(sides.min() == 256 && sides.max() == 512)
    let meanSide: Double = sides.reduce(0, +) / 5000
    // The standard deviation of a uniform draw from 257 integers is 74.2.
    #expect(abs(meanSide - 384) < 5.25)
    #expect(abs(views.count(where: \.mirrored) - 2500) < 177)
    #expect(views.allSatisfy { $0.top + 224 <= $0.resizedHeight && $0.left + 224 <= $0.resizedWidth })
    for component in 0..<3 {
      let squares: Double = views.map { $0.alphas[component] * $0.alphas[component] }.reduce(0, +)
      // The standard deviation of a variance of 5000 values is 0.02 of it.
      #expect(abs(squares / 5000 - 0.01) < 0.001)
    }
  }
}
