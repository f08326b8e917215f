import Configuration
import Evaluation
import Images
import Network
import Packs
import Reports

/// Images to measure a network on, and what they are of their data.
public struct MeasuredImages {
  public let images: any TestImages
  public let part: MeasuredPart
}

extension TrainedNetwork {
  /// How the network sees images in tests.
  ///
  /// - Parameter padding: zeros around images; nil: as many as in training, which crops of padded images saw.
  public func member(_ images: any TestImages, padding: Int? = nil) -> Member {
    Member(network, images: images, mean: mean, configuration, padding: padding)
  }

  /// A part of a data set: of `path`, or of the data that the network was trained on.
  ///
  /// - Parameter part: nil: the test part, or what validates where a pack has none. Of a pack that was not trained on and
  ///   has but one part, all pictures are test pictures.
  /// - Throws: `DataError`, `FileError`, or `TrainingError` where the data are not for this network.
  public func images(_ part: MeasuredPart?, data path: String? = nil) throws -> MeasuredImages {
    let path = path ?? configuration.data.directory
    switch DataOpening.kind(of: path) {
    case .idx: return MeasuredImages(images: try idxImages(part ?? .test, path), part: part ?? .test)
    case .pack: return try packedImages(part, path)
    }
  }

  private func idxImages(_ part: MeasuredPart, _ directory: String) throws -> any TestImages {
    let images = try measuredImages(
      part, ofFolder: directory, held: configuration.data.validation, classCount: classNames.count)
    guard images.extents == mean.extents else {
      throw TrainingError(
        .badData,
        "\(directory): expected images of \(mean.extents), which the network of \(path) takes, found \(images.extents): "
          + "give its own data with --data")
    }
    return PlainTestImages(images)
  }

  private func packedImages(_ part: MeasuredPart?, _ path: String) throws -> MeasuredImages {
    guard configuration.data.kind == .pack else {
      throw TrainingError(
        .badData,
        "\(path): expected a folder of IDX files, which the network of \(self.path) was trained on, found a file: "
          + "give such a folder with --data")
    }
    let pack = try Pack(path)
    let measured = try measuredPictures(
      part, of: pack, held: configuration.data.validation, isTrainedOn: pack.fingerprint == dataDigest)
    let classes = try networkClasses(of: pack, among: classNames, network: "the network of \(self.path)")
    let images = PhotoTestImages(measured.images, classes: classes, of: classNames.count)
    return MeasuredImages(images: images, part: measured.part)
  }
}

extension Member {
  /// A network with images as its configuration wants them.
  init(
    _ network: Network, images: any TestImages, mean: MeanImage, _ configuration: Configuration, padding: Int? = nil
  ) {
    let isPhotographs = configuration.data.kind == .pack
    self.init(
      network, images: images, mean: mean, meanPlace: isPhotographs ? .crop : .image,
      scale: Float(configuration.data.scale), shorterSide: isPhotographs ? configuration.data.shorterSide : nil,
      padding: padding ?? configuration.augmentation.padding)
  }
}
