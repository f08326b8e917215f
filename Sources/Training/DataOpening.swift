import Checkpoint
import Configuration
import Foundation
import Images
import Packs
import System

/// What a path to data is: an IDX directory, or a pack.
public enum DataOpening {
  /// By what is there: a folder holds IDX files, anything else is or should be a pack.
  public static func kind(of path: String) -> Configuration.DataSet.Kind {
    guard FileSystem.exists(path) else { return path.hasSuffix(".h5") || path.hasSuffix(".hdf5") ? .pack : .idx }
    return FileSystem.isFolder(path) ? .idx : .pack
  }

  /// Makes `path` the data of a configuration. A pack that is there decides how many classes the model has.
  public static func choose(_ path: String, in configuration: inout Configuration) {
    configuration.data.directory = path
    configuration.data.kind = kind(of: path)
    // What is wrong with a pack is said when it is opened to train on it.
    guard configuration.data.kind == .pack, let pack = try? Pack(path) else { return }
    configuration.model.classes = pack.classNames.count
    // What is right for a large set would leave nothing of a small one.
    if pack.images(.validation) == nil, let count = pack.images(.training)?.count,
      2 * configuration.data.validation > count
    {
      configuration.data.validation = max(1, count / 10)
    }
  }
}

/// A pack's parts as training and evaluation use them.
struct PackedData {
  let pack: Pack
  let training: any EncodedImages
  let validation: any EncodedImages
  /// Nil where the pack has no such part.
  let test: (any EncodedImages)?

  /// - Parameter held: training pictures to put aside where the pack has no validation part.
  init(_ pack: Pack, held: Int) throws(TrainingError) {
    self.pack = pack
    guard let all = pack.images(.training) else { preconditionFailure("a pack without a training part") }
    if let part = pack.images(.validation) {
      (training, validation) = (all, part)
    } else {
      guard held < all.count else {
        throw TrainingError(
          .badData,
          "\(pack.path): data.validation is \(held), but it has only \(all.count) training images and no validation part: "
            + "choose less than that, or put some aside when packing (--hold-out)")
      }
      let (kept, put) = splitIndices(count: all.count, held: held)
      training = held == 0 ? all : SelectedImages(all, indices: kept)
      validation = SelectedImages(all, indices: put)
    }
    test = pack.images(.test)
  }

  /// - Parameter mean: of the network's input.
  func loader(
    _ images: any EncodedImages, mean: MeanImage, _ configuration: Configuration, augmented: Bool
  ) -> PhotoLoader {
    let sides = configuration.augmentation.shorterSide
    var augmentation: PhotoAugmentation?
    if augmented, sides.count == 2 {
      augmentation = PhotoAugmentation(
        shorterSide: sides[0]...sides[1], mirror: configuration.augmentation.mirror,
        colorDeviation: configuration.augmentation.color)
    }
    return PhotoLoader(
      images: images, mean: mean, colors: pack.colors, augmentation: augmentation,
      plainSide: configuration.data.shorterSide, seed: configuration.training.seed,
      scale: Float(configuration.data.scale))
  }
}
