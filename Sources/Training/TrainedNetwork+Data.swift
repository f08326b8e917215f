import Configuration
import Evaluation
import Images
import Network
import Packs

/// The images that a trained network is measured on.
public enum MeasuredPart: String, CaseIterable, Sendable {
  case test
  /// What was put aside of the training images, or a pack's validation part.
  case validation
}

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
          "\(directory): its \(training.count) training images have no validation part of \(count): give the data that "
            + "\(self.path) was trained on, or --part test")
      }
      images = split(training: training, validation: count).validation
    }
    guard images.extents == mean.extents else {
      throw TrainingError(
        ExitCode.badData,
        "\(directory): expected images of \(mean.extents), which the network of \(path) takes, found \(images.extents): "
          + "give its own data with --data")
    }
    return PlainTestImages(images)
  }

  private func packedImages(_ part: MeasuredPart?, _ path: String) throws -> MeasuredImages {
    guard configuration.data.kind == .pack else {
      throw TrainingError(
        ExitCode.badData, "\(path): this is a pack, but \(self.path) was trained on IDX files: give their folder")
    }
    let pack = try Pack(path)
    let classes = try self.classes(of: pack)
    func measured(_ images: any EncodedImages, _ part: MeasuredPart) -> MeasuredImages {
      MeasuredImages(images: PhotoTestImages(images, classes: classes, of: classNames.count), part: part)
    }
    if part != .validation {
      if let test = pack.images(.test) { return measured(test, .test) }
      if pack.fingerprint != dataDigest, pack.images(.validation) == nil, let all = pack.images(.training) {
        return measured(all, .test)
      }
      guard part == nil else {
        throw TrainingError(ExitCode.badData, "\(path): the pack has no test part: take --part validation")
      }
    }
    return measured(try PackedData(pack, held: configuration.data.validation).validation, .validation)
  }

  /// Which of the network's classes each class of a pack is: by their names, where they are not the same ones.
  private func classes(of pack: Pack) throws(TrainingError) -> [Int32] {
    if pack.classNames == classNames { return classNames.indices.map { Int32($0) } }
    let places = Dictionary(grouping: classNames.indices) { classNames[$0] }
    return try pack.classNames.map { name throws(TrainingError) in
      guard let place = places[name], place.count == 1 else {
        throw TrainingError(
          ExitCode.badData,
          "\(pack.path): expected classes of the network of \(path), found \(name.debugDescription), "
            + (places[name] == nil ? "which is none of them" : "which is the name of several")
            + ": evaluate on pictures of its \(classNames.count) classes, under their names")
      }
      return Int32(place[0])
    }
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
