import Configuration
import Images
import Network
import Packs
import System

/// The images of a run, as its configuration describes them.
public struct TrainingData {
  public let training: any SampleSource
  public let validation: any TestImages
  /// The split that neither trains nor steers; nil where the data have none.
  public let test: (any TestImages)?
  public let classNames: [String]
  public let fingerprint: DataFingerprint
  /// The weight of each class in the mean loss; nil where all images count alike.
  public let classWeights: [Double]?

  /// The extents of an image as the network sees it.
  public var extents: Extents { training.extents }
  public var classes: Int { training.classCount }

  /// Opens the data.
  ///
  /// - Throws: `DataError` or `FileError` where the files cannot be used, `Refusal` where the configuration does not
  ///   fit them.
  public init(_ configuration: Configuration) throws {
    switch configuration.data.kind {
    case .idx: try self.init(idx: configuration)
    case .pack: try self.init(pack: configuration)
    }
  }

  private init(pack configuration: Configuration) throws {
    let data = try PackedData(Pack(configuration.data.directory), heldOutCount: configuration.data.validation)
    training = data.trainingLoader(configuration).erased(configuration)
    validation = PhotoTestImages(data.validation)
    test = data.test.map { PhotoTestImages($0) }
    classNames = data.pack.classNames
    fingerprint = DataFingerprint(
      kind: configuration.data.kind.rawValue, trainingCount: training.count, validationCount: validation.count,
      testCount: test?.count ?? 0, extents: training.extents, classCount: classNames.count,
      digest: data.pack.fingerprint)
    classWeights = try configuration.classWeights(training.labels, classNames)
  }

  private init(idx configuration: Configuration) throws {
    let (all, test, classNames) = try IDXFolder.load(directory: configuration.data.directory)
    let held = configuration.data.validation
    guard held < all.count else {
      throw Refusal(
        .badData,
        "\(configuration.data.directory): data.validation is \(held), but it has only "
          + "\(all.count.counted("training image")): choose less than that")
    }
    let (training, validation) = split(training: all, validation: held)
    let means = configuration.data.mean
    guard means.isEmpty || means.count == training.extents.channels else {
      throw Refusal(
        .badData,
        "\(configuration.data.directory): data.mean has \(means.count) numbers, its images have "
          + "\(training.extents.channels) channels: give one for each")
    }
    let mean =
      means.isEmpty ? MeanImage(of: training) : MeanImage(ofChannels: means, extents: training.extents)
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
    classWeights = try configuration.classWeights(training.labels, classNames)
  }
}

extension Configuration {
  fileprivate func classWeights(_ labels: [Int32], _ classNames: [String]) throws(Refusal) -> [Double]? {
    try training.classWeights.values(labels: labels, classNames: classNames, path: data.directory)
  }
}

extension SampleSource {
  /// Returns these samples with rectangles erased at random, where the configuration asks for it.
  fileprivate func erased(_ configuration: Configuration) -> any SampleSource {
    let probability = configuration.augmentation.erasing
    guard probability > 0 else { return self }
    return ErasedSamples(self, RandomErasing(probability: probability), seed: configuration.training.seed)
  }
}

extension TrainingData {
  /// Checks that the input and the scores of a configuration's network fit these data.
  public func check(_ architecture: ResolvedArchitecture, of configuration: Configuration) throws(Refusal) {
    let (input, path) = (architecture.input, configuration.data.directory)
    guard input == extents else {
      throw Refusal(
        .badData,
        "\(path): its images are \(extents), but the input of \(architecture.name) is \(input): "
          + "choose a model for images of this size")
    }
    guard architecture.classes == classes else {
      throw Refusal(
        .badData,
        "\(path): it has \(classes.counted("class")), but \(architecture.name) has "
          + "\(architecture.classes.counted("score")): set \(configuration.model.settingOfClasses) to \(classes), or "
          + "take other data")
    }
  }
}
