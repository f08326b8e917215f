import Configuration
import Images
import Network

/// The images that a trained network is measured on.
public enum MeasuredPart: String, CaseIterable, Sendable {
  case test
  /// What was put aside of the training images, or a pack's validation part.
  case validation
}

extension TrainedNetwork {
  /// A part of a data set as this network's inputs: of `path`, or of the data that it was trained on.
  ///
  /// - Throws: `DataError`, `FileError`, or `TrainingError` where the data are not for this network.
  public func samples(_ part: MeasuredPart, data path: String? = nil) throws -> any SampleSource {
    let path = path ?? configuration.data.directory
    switch DataOpening.kind(of: path) {
    case .idx: return try loader(idxImages(part, path))
    case .pack: return try packedSamples(part, path)
    }
  }

  private func idxImages(_ part: MeasuredPart, _ directory: String) throws -> LabeledImages {
    let classes = classNames.count
    switch part {
    case .test: return try IDXFolder.loadTest(directory: directory, classCount: classes).test
    case .validation:
      let training = try IDXFolder.load(directory: directory, classCount: classes).training
      let count = configuration.data.validation
      guard count < training.count else {
        throw TrainingError(
          ExitCode.badData,
          "\(directory): its \(training.count) training images have no validation part of \(count)")
      }
      return split(training: training, validation: count).validation
    }
  }

  private func packedSamples(_ part: MeasuredPart, _ path: String) throws -> any SampleSource {
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
    let images = part == .test ? data.test : data.validation
    return data.loader(images, mean: mean, configuration, augmented: false)
  }

  /// A picture's file as this network's input: (channels, height, width).
  ///
  /// A network that was trained on photographs sees the middle of the picture as evaluation does; another one the whole
  /// picture, squeezed into its input.
  public func input(ofPicture path: String) throws(DataError) -> [Float] {
    guard configuration.data.kind == .pack else {
      return try ImageDecoder.decode(path: path, channels: mean.extents.channels)
        .networkInput(mean: mean, scale: scale)
    }
    return try PhotoLoader.input(
      ofFile: path, mean: mean, shorterSide: configuration.data.shorterSide, scale: scale)
  }
}
