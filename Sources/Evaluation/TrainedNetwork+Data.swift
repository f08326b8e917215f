import Configuration
import Datasets
import Images
import Network
import Packs
import System

extension TrainedNetwork {
  /// Returns the network with images as it sees them in tests.
  ///
  /// - Parameter padding: the zeros on each side of an image; nil means as many as crops of padded images saw in
  ///   training.
  public func member(_ images: any TestImages, padding: Int? = nil) -> EnsembleMember {
    EnsembleMember(network, images: images, mean: mean, configuration, padding: padding)
  }

  /// Opens a split of the data set at `path`, or of the data that the network was trained on if `path` is nil.
  ///
  /// - Parameter split: the split; nil means the test split, or the one that validates if a pack has no test split. All
  ///   pictures of a pack that the network was not trained on and that has only one split are test pictures.
  /// - Throws: `DataError`, `FileError`, or `Refusal` if the data are not for this network.
  public func images(_ split: MeasuredSplit?, data path: String? = nil) throws -> MeasuredImages {
    let path = path ?? configuration.data.directory
    switch Configuration.DataSet.Kind(of: path) {
    case .idx: return MeasuredImages(images: try idxImages(split ?? .test, path), split: split ?? .test)
    case .pack: return try packedImages(split, path)
    }
  }

  /// Returns the middles of the first `count` images as the network sees them, (image, channels, height, width).
  ///
  /// - Throws: `Refusal` where there are fewer, `DataError` for one that cannot be read.
  public func inputs(_ count: Int, of images: any TestImages) throws -> [Float] {
    guard images.count >= count else {
      throw Refusal(.usage, "expected at most \(images.count.counted("image")), found \(count): there are no more")
    }
    let own = member(images)
    let reader = FrameReader(own, shorterSide: own.shorterSide, views: .center)
    let size = network.architecture.input.count
    var inputs = [Float](repeating: 0, count: count * size)
    for sample in 0..<count {
      let extents = own.extents(of: sample, shorterSide: own.shorterSide)
      let sets = try own.frameSets(.center, image: extents, pixelLimit: .max)
      try inputs.withUnsafeMutableBufferPointer { inputs in
        try reader.load(sample, image: extents, sets[0].frames[0], into: inputs.baseAddress! + sample * size)
      }
    }
    return inputs
  }

  private func idxImages(_ split: MeasuredSplit, _ directory: String) throws -> any TestImages {
    let images = try measuredImages(
      split, ofFolder: directory, heldOutCount: configuration.data.validation, classCount: classNames.count)
    guard images.extents == mean.extents else {
      throw Refusal(
        .badData,
        "\(directory): expected images of \(mean.extents), which the network of \(path) takes, "
          + "found \(images.extents): give its own data with --data")
    }
    return PlainTestImages(images)
  }

  private func packedImages(_ split: MeasuredSplit?, _ path: String) throws -> MeasuredImages {
    guard configuration.data.kind == .pack else {
      throw Refusal(
        .badData,
        "\(path): expected a folder of IDX files, which the network of \(self.path) was trained on, found a file: "
          + "give such a folder with --data")
    }
    let pack = try Pack(path)
    let measured = try measuredPictures(
      split, of: pack, heldOutCount: configuration.data.validation, isTrainedOn: pack.fingerprint == dataDigest)
    let classes = try networkClasses(of: pack, among: classNames, network: "the network of \(self.path)")
    let images = PhotoTestImages(measured.images, classes: classes, of: classNames.count)
    return MeasuredImages(images: images, split: measured.split)
  }
}

extension EnsembleMember {
  /// Creates a member with images in the form that the network's configuration describes.
  public init(
    _ network: Network, images: any TestImages, mean: MeanImage, _ configuration: Configuration, padding: Int? = nil
  ) {
    let isPhotographs = configuration.data.kind == .pack
    self.init(
      network, images: images, mean: mean, meanPlace: isPhotographs ? .crop : .image,
      scale: Float(configuration.data.scale), shorterSide: isPhotographs ? configuration.data.shorterSide : nil,
      padding: padding ?? configuration.augmentation.padding)
  }
}
