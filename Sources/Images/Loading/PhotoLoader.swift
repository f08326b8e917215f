import System

/// Makes network inputs of encoded photographs: (pixel + color shift − mean) · scale of a crop.
public final class PhotoLoader: SampleSource {
  public let images: any EncodedImages
  public let mean: MeanImage
  public let colors: ColorStatistics
  /// The random variation for training; nil if training sees the same views as evaluation.
  public let augmentation: PhotoAugmentation?
  /// The length to which the shorter side is resized for evaluation, before the central crop is taken.
  public let plainSide: Int
  public let seed: UInt64
  public let scale: Float
  private let renderers = IdleRenderers()

  /// - Parameter mean: The mean of three channels. Its extents are also those of the crop.
  public init(
    images: any EncodedImages, mean: MeanImage, colors: ColorStatistics, augmentation: PhotoAugmentation?,
    plainSide: Int, seed: UInt64, scale: Float
  ) {
    precondition(mean.extents.channels == 3, "photographs have three channels, the mean \(mean.extents.channels)")
    self.images = images
    self.mean = mean
    self.colors = colors
    self.augmentation = augmentation
    self.plainSide = plainSide
    self.seed = seed
    self.scale = scale
  }

  public var extents: Extents { mean.extents }
  public var classCount: Int { images.classCount }
  public var labels: [Int32] { images.labels }
  public var isCostly: Bool { true }

  public func announce(_ samples: [Int]) { images.announce(samples) }

  public func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) throws(DataError) {
    try render(sample, view(sample: sample, epoch: epoch), into: output)
  }

  /// Returns the view of `sample` that training sees in `epoch`.
  public func view(sample: Int, epoch: Int) -> PhotoView {
    guard let augmentation else { return plainView(sample: sample) }
    return augmentation.view(
      seed: seed, epoch: epoch, sample: sample, of: images.extents(of: sample), crop: extents.plane)
  }

  private func plainView(sample: Int) -> PhotoView {
    PhotoView(of: images.extents(of: sample), shorterSide: plainSide, crop: extents.plane)
  }

  private func render(
    _ sample: Int, _ view: PhotoView, into output: UnsafeMutablePointer<Float>
  ) throws(DataError) {
    // The closure cannot throw a typed error, hence the result.
    let result = mean.values.withUnsafeBufferPointer { mean in
      Result { () throws(DataError) in
        try renderers.render(
          sample, of: images, view: view,
          finish: CropResampling.Finish(
            shift: colors.shift(view.alphas), mean: mean.baseAddress!, scale: scale, mirrored: view.mirrored),
          output: output)
      }
    }
    try result.get()
  }
}
