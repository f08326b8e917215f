import Images
import Network
import System

/// One of the networks whose scores are averaged, with the images in the form that it expects.
public struct EnsembleMember: Sendable {
  /// The region that the mean image is aligned with.
  public enum MeanPlace: Sendable {
    /// The crop, wherever it is taken, as in training on photographs. On a whole image the mean is resized.
    case crop
    /// The image before crops are taken.
    case image
  }

  public let network: Network
  public let images: any TestImages
  /// The mean image, with the extents of the network's input.
  public let mean: MeanImage
  public let meanPlace: MeanPlace
  /// The factor that an input is multiplied by after the mean is subtracted.
  public let scale: Float
  /// The length that an image's shorter side is resized to where a test names no scale; nil means that images stay as
  /// they are.
  public let shorterSide: Int?
  /// The number of zeros added on each side of an image.
  public let padding: Int

  public init(
    _ network: Network, images: any TestImages, mean: MeanImage, meanPlace: MeanPlace, scale: Float, shorterSide: Int?,
    padding: Int
  ) {
    let input = network.architecture.input
    precondition(mean.extents == input, "a mean of \(mean.extents) for a network of \(input)")
    precondition(images.channels == input.channels, "images of \(images.channels) channels for a network of \(input)")
    self.network = network
    self.images = images
    self.mean = mean
    self.meanPlace = meanPlace
    self.scale = scale
    self.shorterSide = shorterSide
    self.padding = padding
  }

  /// The extents of the network's input.
  var crop: PlaneExtents { network.architecture.input.plane }

  /// Returns an image's extents at a scale, without padding.
  func extents(of sample: Int, shorterSide: Int?) -> PlaneExtents {
    images.extents(of: sample, shorterSide: shorterSide)
  }
}
