import Randomness
import System

/// The random variation of a photograph each time training sees it (paper, section 4, on training). The photograph is
/// resized so that its shorter side is drawn from a range, cropped at a uniformly drawn place, mirrored with
/// probability ½, and its colors are shifted along the principal components of the training set's colors.
public struct PhotoAugmentation: Equatable, Sendable {
  /// The range from which the shorter side's length is drawn uniformly, in whole pixels.
  public var shorterSide: ClosedRange<Int>
  public var mirror: Bool
  /// The standard deviation of the Gaussian α_j; 0 leaves the colors as they are.
  public var colorDeviation: Double

  public init(shorterSide: ClosedRange<Int>, mirror: Bool, colorDeviation: Double) {
    precondition(shorterSide.lowerBound > 0 && colorDeviation >= 0)
    self.shorterSide = shorterSide
    self.mirror = mirror
    self.colorDeviation = colorDeviation
  }

  /// Returns the view that belongs to `sample` in `epoch`, of a picture of the extents `picture`. No setting changes
  /// the other settings' draws.
  public func view(
    seed: UInt64, epoch: Int, sample: Int, of picture: PlaneExtents, crop: PlaneExtents
  ) -> PhotoView {
    var stream = RandomStream(
      seed: seed, purpose: .augmentation, owner: UInt32(truncatingIfNeeded: epoch), UInt32(sample))
    let side = shorterSide.lowerBound + stream.uniform(below: shorterSide.count)
    var view = PhotoView(of: picture, shorterSide: side, crop: crop)
    view.top = stream.uniform(below: view.resizedHeight - crop.height + 1)
    view.left = stream.uniform(below: view.resizedWidth - crop.width + 1)
    view.mirrored = stream.coin() && mirror
    for component in 0..<3 { view.alphas[component] = colorDeviation * stream.gaussian() }
    return view
  }
}

/// A view of a picture: the whole is resized, then cropped, perhaps mirrored, and its colors are shifted.
public struct PhotoView: Equatable, Sendable {
  public let resizedHeight: Int
  public let resizedWidth: Int
  /// The crop's first row and column in the resized picture, and its extents.
  public var top: Int
  public var left: Int
  public let cropHeight: Int
  public let cropWidth: Int
  public var mirrored = false
  /// The coefficient α of each principal component of the colors.
  public var alphas = SIMD3<Double>()

  /// Makes the view of the central crop of the picture resized so that its shorter side is `shorterSide`. The longer
  /// side keeps the aspect ratio, rounded down as in torchvision. If the crop is larger, the side is lengthened until
  /// the crop fits.
  public init(of picture: PlaneExtents, shorterSide: Int, crop: PlaneExtents) {
    precondition(
      picture.height > 0 && picture.width > 0 && shorterSide > 0, "\(picture) pixels resized to \(shorterSide)")
    let resized = Self.resized(picture, shorterSide: max(shorterSide, max(crop.height, crop.width)))
    (resizedHeight, resizedWidth) = (resized.height, resized.width)
    (cropHeight, cropWidth) = (crop.height, crop.width)
    top = (resizedHeight - crop.height) / 2
    left = (resizedWidth - crop.width) / 2
  }

  /// Makes the view of some rows and columns of the picture resized so that its shorter side is `shorterSide`.
  init(of picture: PlaneExtents, shorterSide: Int, rows: Range<Int>, columns: Range<Int>) {
    let resized = Self.resized(picture, shorterSide: shorterSide)
    (resizedHeight, resizedWidth) = (resized.height, resized.width)
    precondition(
      rows.upperBound <= resizedHeight && columns.upperBound <= resizedWidth,
      "rows \(rows) and columns \(columns) of \(resizedHeight)×\(resizedWidth)")
    (cropHeight, cropWidth) = (rows.count, columns.count)
    (top, left) = (rows.lowerBound, columns.lowerBound)
  }

  static func resized(_ picture: PlaneExtents, shorterSide: Int) -> PlaneExtents {
    let short = min(picture.height, picture.width)
    return PlaneExtents(
      height: picture.height == short ? shorterSide : shorterSide * picture.height / short,
      width: picture.width == short ? shorterSide : shorterSide * picture.width / short)
  }

  /// Makes the view of the whole picture at another size, which need not keep the aspect ratio.
  public init(wholeAs extents: PlaneExtents) {
    (resizedHeight, resizedWidth) = (extents.height, extents.width)
    (cropHeight, cropWidth) = (extents.height, extents.width)
    (top, left) = (0, 0)
  }
}
