import Images
import Packs
import Reports

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
        .badData,
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
      throw TrainingError(.badData, "\(pack.path): the pack has no test part: take --part validation")
    }
  }
  return (try PackedData(pack, held: held).validation, .validation)
}

/// Which of a network's classes each class of a pack is: by their names, where they are not the same ones.
///
/// - Parameter network: what messages call it.
func networkClasses(
  of pack: Pack, among classNames: [String], network: String
) throws(TrainingError) -> [Int32] {
  if pack.classNames == classNames { return classNames.indices.map { Int32($0) } }
  let places = Dictionary(grouping: classNames.indices) { classNames[$0] }
  return try pack.classNames.map { name throws(TrainingError) in
    guard let place = places[name], place.count == 1 else {
      throw TrainingError(
        .badData,
        "\(pack.path): expected classes of \(network), found \(name.debugDescription), "
          + (places[name] == nil ? "which is none of them" : "which is the name of several")
          + ": evaluate on pictures of its \(classNames.count) classes, under their names")
    }
    return Int32(place[0])
  }
}
