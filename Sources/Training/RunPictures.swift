import Images
import Packs
import Reports

/// Shows a report the pictures of IDX folders and packs, numbered as `evaluate` numbers them.
public struct RunPictures: PictureSource {
  public init() {}

  public func pictures(_ part: PredictedPictures.Part, of data: PictureData) throws -> any TestImages {
    switch (DataOpening.kind(of: data.path), part) {
    case (.idx, .test):
      return PlainTestImages(try IDXFolder.loadTest(directory: data.path, classCount: data.classCount).test)
    case (.idx, .validation):
      let training = try IDXFolder.load(directory: data.path, classCount: data.classCount).training
      guard (0..<training.count).contains(data.held) else {
        throw TrainingError(
          ExitCode.badData,
          "\(data.path): its \(training.count) training images have no validation part of \(data.held)")
      }
      return PlainTestImages(split(training: training, validation: data.held).validation)
    case (.pack, .test):
      let pack = try Pack(data.path)
      // Of a pack with one part alone all pictures were measured.
      guard let images = pack.images(.test) ?? (pack.images(.validation) == nil ? pack.images(.training) : nil) else {
        throw TrainingError(ExitCode.badData, "\(data.path): the pack has no test part")
      }
      return PhotoTestImages(images)
    case (.pack, .validation): return PhotoTestImages(try PackedData(Pack(data.path), held: data.held).validation)
    }
  }
}

extension MeasuredPart {
  /// What a table of predictions calls the part.
  public var predicted: PredictedPictures.Part {
    switch self {
    case .test: .test
    case .validation: .validation
    }
  }
}
