import Configuration
import Images
import Packs
import System

/// The splits of a pack as training and evaluation use them.
public struct PackedData {
  public let pack: Pack
  public let training: any EncodedImages
  public let validation: any EncodedImages
  /// The pack's test split; nil where it has none.
  public let test: (any EncodedImages)?

  /// - Parameter heldOutCount: the training pictures to put aside where the pack has no validation split.
  public init(_ pack: Pack, heldOutCount: Int) throws(Refusal) {
    self.pack = pack
    guard let all = pack.images(.training) else { preconditionFailure("\(pack.path) has no training split") }
    if let part = pack.images(.validation) {
      (training, validation) = (all, part)
    } else {
      guard heldOutCount < all.count else {
        throw Refusal(
          .badData,
          "\(pack.path): data.validation is \(heldOutCount), but it has only "
            + "\(all.count.counted("training image")) and no "
            + "validation split: choose less than that, or put some aside when packing (--hold-out)")
      }
      let (kept, put) = splitIndices(labels: all.labels, held: heldOutCount)
      training = heldOutCount == 0 ? all : SelectedImages(all, indices: kept)
      validation = SelectedImages(all, indices: put)
    }
    test = pack.images(.test)
  }

  /// The mean image of the pack at the size of a configuration's input, or the mean that the configuration names.
  public func mean(_ configuration: Configuration) -> MeanImage {
    let extents = Extents(channels: 3, configuration.model.input.plane)
    guard configuration.data.mean.isEmpty else {
      return MeanImage(ofChannels: configuration.data.mean, extents: extents)
    }
    return pack.mean.resized(to: extents)
  }

  /// The training pictures as the network sees them, with the configuration's augmentation.
  public func trainingLoader(_ configuration: Configuration) -> PhotoLoader {
    let sides = configuration.augmentation.shorterSide
    var augmentation: PhotoAugmentation?
    if sides.count == 2 {
      augmentation = PhotoAugmentation(
        shorterSide: sides[0]...sides[1], mirror: configuration.augmentation.mirror,
        colorDeviation: configuration.augmentation.color)
    }
    return PhotoLoader(
      images: training, mean: mean(configuration), colors: pack.colors, augmentation: augmentation,
      plainSide: configuration.data.shorterSide, seed: configuration.training.seed,
      scale: Float(configuration.data.scale))
  }
}
