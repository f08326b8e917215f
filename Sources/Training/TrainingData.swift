import Checkpoint
import Configuration
import Evaluation
import Images
import Network
import Packs

/// The images of a run, as its configuration describes them.
struct TrainingData {
  let training: any SampleSource
  let validation: any TestImages
  /// Nil where the data have no part that neither trains nor steers.
  let test: (any TestImages)?
  let classNames: [String]
  let fingerprint: DataFingerprint

  var extents: ImageExtents { training.extents }
  var classes: Int { training.classCount }

  /// What a checkpoint says of the inputs.
  var inputDescription: InputDescription {
    InputDescription(
      meanShape: [extents.channels, extents.height, extents.width], mean: training.mean.values, classNames: classNames)
  }

  /// How a network sees images in tests.
  func member(_ network: Network, _ images: any TestImages, _ configuration: Configuration) -> Member {
    Member(network, images: images, mean: training.mean, configuration)
  }

  /// - Throws: `DataError` or `FileError` for what is wrong with the files, `TrainingError` where the configuration does
  ///   not fit them.
  init(_ configuration: Configuration) throws {
    switch configuration.data.kind {
    case .idx: try self.init(idx: configuration)
    case .pack: try self.init(pack: configuration)
    }
  }

  private init(pack configuration: Configuration) throws {
    let data = try PackedData(Pack(configuration.data.directory), held: configuration.data.validation)
    let input = configuration.model.input
    let mean = data.pack.mean.resized(
      to: ImageExtents(channels: 3, height: input.height, width: input.width))
    training = data.loader(data.training, mean: mean, configuration, augmented: true).erased(configuration)
    validation = PhotoTestImages(data.validation)
    test = data.test.map { PhotoTestImages($0) }
    classNames = data.pack.classNames
    fingerprint = DataFingerprint(
      kind: configuration.data.kind.rawValue, trainingCount: training.count, validationCount: validation.count,
      testCount: test?.count ?? 0, extents: mean.extents, classCount: classNames.count, digest: data.pack.fingerprint)
  }

  private init(idx configuration: Configuration) throws {
    let (all, test, classNames) = try IDXFolder.load(directory: configuration.data.directory)
    let held = configuration.data.validation
    guard held < all.count else {
      throw TrainingError(
        .badData,
        "\(configuration.data.directory): data.validation is \(held), but it has only \(all.count) training images: "
          + "choose less than that")
    }
    let (training, validation) = split(training: all, validation: held)
    let mean = MeanImage(of: training)
    let sides = configuration.augmentation.shorterSide
    self.training = SampleLoader(
      images: training, mean: mean,
      augmentation: Augmentation(
        padding: configuration.augmentation.padding, mirror: configuration.augmentation.mirror,
        shorterSide: sides.isEmpty ? nil : sides[0]...sides[1]),
      seed: configuration.training.seed, scale: Float(configuration.data.scale)
    ).erased(configuration)
    self.validation = PlainTestImages(validation)
    self.test = PlainTestImages(test)
    self.classNames = classNames
    fingerprint = DataFingerprint(
      kind: configuration.data.kind.rawValue, training: training, validation: validation, test: test)
  }
}

extension SampleSource {
  /// With rectangles erased at random, where the configuration says so.
  fileprivate func erased(_ configuration: Configuration) -> any SampleSource {
    let probability = configuration.augmentation.erasing
    guard probability > 0 else { return self }
    return ErasedSamples(self, RandomErasing(probability: probability), seed: configuration.training.seed)
  }
}

/// Checks that a network's input and scores fit the data.
func checkFit(_ architecture: ResolvedArchitecture, extents: ImageExtents, classes: Int, data: String) throws {
  let input = architecture.input
  guard input.channels == extents.channels, input.height == extents.height, input.width == extents.width else {
    throw TrainingError(
      .badData,
      "\(data): its images are \(extents), but the input of \(architecture.architecture.name) is \(input): "
        + "choose a model for images of this size")
  }
  guard architecture.classes == classes else {
    throw TrainingError(
      .badData,
      "\(data): it has \(classes) classes, but \(architecture.architecture.name) has \(architecture.classes) scores: "
        + "set model.classes to \(classes), or take other data")
  }
}
