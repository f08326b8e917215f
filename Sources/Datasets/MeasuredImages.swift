import Images
import Packs
import System

/// Images to measure a network on, with the split of the data that they are.
public struct MeasuredImages {
  public let images: any TestImages
  public let split: MeasuredSplit

  public init(images: any TestImages, split: MeasuredSplit) {
    self.images = images
    self.split = split
  }
}

/// Reads a split of a folder of IDX files.
///
/// - Parameters:
///   - heldOutCount: the number of training images that were put aside.
///   - classCount: the number of classes; nil for as many as the folder tells of.
/// - Throws: `DataError`, or `Refusal` where there is no such split.
public func measuredImages(
  _ wanted: MeasuredSplit, ofFolder directory: String, heldOutCount: Int, classCount: Int?
) throws -> LabeledImages {
  switch wanted {
  case .test: return try IDXFolder.loadTest(directory: directory, classCount: classCount).test
  case .validation:
    let training = try IDXFolder.load(directory: directory, classCount: classCount).training
    guard (0..<training.count).contains(heldOutCount) else {
      throw Refusal(
        .badData,
        "\(directory): expected more than \(heldOutCount) training images, of which that many validate, found "
          + "\(training.count): give the data that the network was trained on, or take --split test")
    }
    return split(training: training, validation: heldOutCount).validation
  }
}

/// Finds the pictures of a split of a pack, with the name of the split.
///
/// - Parameters:
///   - wanted: the split; nil for the test split, or for the pictures that validate where there is none.
///   - heldOutCount: the number of training pictures that were put aside, where the pack has no validation split.
///   - isTrainedOn: whether the network was trained on this pack. All pictures of another pack with only one split are
///     test pictures.
/// - Throws: where there is no such split.
public func measuredPictures(
  _ wanted: MeasuredSplit?, of pack: Pack, heldOutCount: Int, isTrainedOn: Bool
) throws(Refusal) -> (images: any EncodedImages, split: MeasuredSplit) {
  if wanted != .validation {
    if let test = pack.images(.test) { return (test, .test) }
    if !isTrainedOn, pack.images(.validation) == nil, let all = pack.images(.training) { return (all, .test) }
    guard wanted == nil else {
      throw Refusal(.badData, "\(pack.path): the pack has no test split: take --split validation")
    }
  }
  return (try PackedData(pack, heldOutCount: heldOutCount).validation, .validation)
}

/// Finds the network's class for each class of a pack, by their names where the two do not have the same classes.
///
/// - Parameter network: the network's name in messages.
/// - Throws: where a class of the pack is none of the network's, or the name of several.
public func networkClasses(
  of pack: Pack, among classNames: [String], network: String
) throws(Refusal) -> [Int32] {
  if pack.classNames == classNames { return classNames.indices.map { Int32($0) } }
  let places = Dictionary(grouping: classNames.indices) { classNames[$0] }
  return try pack.classNames.map { name throws(Refusal) in
    guard let place = places[name], place.count == 1 else {
      throw Refusal(
        .badData,
        "\(pack.path): expected classes of \(network), found \(name.quoted()), "
          + (places[name] == nil ? "which is none of them" : "which is the name of several")
          + ": evaluate on pictures of the network's \(classNames.count.counted("class")), under their names")
    }
    return Int32(place[0])
  }
}
