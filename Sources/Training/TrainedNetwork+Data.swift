import Configuration
import Evaluation
import Images
import Network

/// The images that a trained network is measured on.
public enum MeasuredPart: String, CaseIterable, Sendable {
  case test
  /// What was put aside of the training images, or a pack's validation part.
  case validation
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
  /// - Throws: `DataError`, `FileError`, or `TrainingError` where the data are not for this network.
  public func images(_ part: MeasuredPart, data path: String? = nil) throws -> any TestImages {
    let path = path ?? configuration.data.directory
    switch DataOpening.kind(of: path) {
    case .idx: return try idxImages(part, path)
    case .pack: return try packedImages(part, path)
    }
  }

  private func idxImages(_ part: MeasuredPart, _ directory: String) throws -> any TestImages {
    let classes = classNames.count
    let images: LabeledImages
    switch part {
    case .test: images = try IDXFolder.loadTest(directory: directory, classCount: classes).test
    case .validation:
      let training = try IDXFolder.load(directory: directory, classCount: classes).training
      let count = configuration.data.validation
      guard count < training.count else {
        throw TrainingError(
          ExitCode.badData,
          "\(directory): its \(training.count) training images have no validation part of \(count)")
      }
      images = split(training: training, validation: count).validation
    }
    guard images.extents == mean.extents else {
      throw TrainingError(
        ExitCode.badData, "\(path): its network takes images of \(mean.extents), but the data's are \(images.extents)")
    }
    return PlainTestImages(images)
  }

  private func packedImages(_ part: MeasuredPart, _ path: String) throws -> any TestImages {
    guard configuration.data.kind == .pack else {
      throw TrainingError(
        ExitCode.badData, "\(path): this is a pack, but \(self.path) was trained on IDX files: give their folder")
    }
    let data = try PackedData(path, held: configuration.data.validation)
    guard data.pack.classNames.count <= classNames.count else {
      throw TrainingError(
        ExitCode.badData,
        "\(self.path): its network has \(classNames.count) classes, but \(path) has \(data.pack.classNames.count)")
    }
    return PhotoTestImages(part == .test ? data.test : data.validation)
  }

  /// Files of pictures as images of this network, each with the label 0.
  ///
  /// A network that was trained on photographs sees them as it sees those; another one the whole picture, squeezed into
  /// its input.
  public func images(ofPictures paths: [String]) throws(DataError) -> any TestImages {
    guard configuration.data.kind == .pack else {
      var pictures: [[Float]] = []
      for path in paths {
        pictures.append(
          try ImageDecoder.decode(path: path, channels: mean.extents.channels).resized(to: mean.extents))
      }
      return PlainTestImages(
        pictures, extents: mean.extents, labels: [Int32](repeating: 0, count: paths.count),
        classCount: classNames.count)
    }
    return PhotoTestImages(try PictureFiles(paths, classCount: classNames.count))
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
