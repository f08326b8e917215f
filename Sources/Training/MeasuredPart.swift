import Images
import Packs
import Reports

/// The images that a trained network is measured on.
public enum MeasuredPart: String, CaseIterable, Sendable {
  case test
  /// What was put aside of the training images, or a pack's validation part.
  case validation

  /// What a table of predictions calls the part.
  public var predicted: PredictedPictures.Part {
    switch self {
    case .test: .test
    case .validation: .validation
    }
  }
}

/// The images of a part of a folder of IDX files.
///
/// - Parameters:
///   - held: how many training images were put aside.
///   - classCount: nil: as many as the labels say.
func measuredImages(
  _ part: MeasuredPart, ofFolder directory: String, held: Int, classCount: Int?
) throws -> LabeledImages {
  switch part {
  case .test: return try IDXFolder.loadTest(directory: directory, classCount: classCount).test
  case .validation:
    let training = try IDXFolder.load(directory: directory, classCount: classCount).training
    guard (0..<training.count).contains(held) else {
      throw TrainingError(
        ExitCode.badData,
        "\(directory): its \(training.count) training images have no validation part of \(held): give the data that were "
          + "trained on, or take the test part")
    }
    return split(training: training, validation: held).validation
  }
}

/// The pictures of a part of a pack, and which part they are.
///
/// - Parameters:
///   - part: nil: the test part, or what validates where there is none.
///   - held: how many training pictures were put aside, where the pack has no validation part.
///   - isTrainedOn: of another pack that has but one part, all pictures are test pictures.
func measuredPictures(
  _ part: MeasuredPart?, of pack: Pack, held: Int, isTrainedOn: Bool
) throws(TrainingError) -> (images: any EncodedImages, part: MeasuredPart) {
  if part != .validation {
    if let test = pack.images(.test) { return (test, .test) }
    if !isTrainedOn, pack.images(.validation) == nil, let all = pack.images(.training) { return (all, .test) }
    guard part == nil else {
      throw TrainingError(ExitCode.badData, "\(pack.path): the pack has no test part: take --part validation")
    }
  }
  return (try PackedData(pack, held: held).validation, .validation)
}
