import Randomness

/// How a photograph is varied each time training sees it (paper, section 4, on training): resized so that its shorter
/// side is drawn from a range, cropped at a uniform place, mirrored with probability ½, its colours shifted along the
/// principal components of the training set's.
public struct PhotoAugmentation: Equatable, Sendable {
  /// What the shorter side is resized to, drawn uniformly from these whole numbers.
  public var shorterSide: ClosedRange<Int>
  public var mirror: Bool
  /// The standard deviation of the Gaussian α_j; 0 for the colours as they are.
  public var colorDeviation: Double

  public init(shorterSide: ClosedRange<Int>, mirror: Bool, colorDeviation: Double) {
    precondition(shorterSide.lowerBound > 0 && colorDeviation >= 0)
    self.shorterSide = shorterSide
    self.mirror = mirror
    self.colorDeviation = colorDeviation
  }

  /// The view that belongs to `sample` in `epoch`, of a picture of `height` × `width` pixels. No setting changes what
  /// the others draw.
  public func view(
    seed: UInt64, epoch: Int, sample: Int, height: Int, width: Int, crop: (height: Int, width: Int)
  ) -> PhotoView {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: UInt32(epoch), UInt32(sample))
    let side = shorterSide.lowerBound + stream.uniform(below: shorterSide.count)
    var view = PhotoView(height: height, width: width, shorterSide: side, crop: crop)
    view.top = stream.uniform(below: view.resizedHeight - crop.height + 1)
    view.left = stream.uniform(below: view.resizedWidth - crop.width + 1)
    view.mirrored = stream.coin() && mirror
    for component in 0..<3 { view.alphas[component] = colorDeviation * stream.gaussian() }
    return view
  }
}

/// What is shown of a picture: resized as a whole, then a crop of it, mirrored or not, with its colours shifted.
public struct PhotoView: Equatable, Sendable {
  public let resizedHeight: Int
  public let resizedWidth: Int
  /// The crop's first row and column in the resized picture, and its extents.
  public var top: Int
  public var left: Int
  public let cropHeight: Int
  public let cropWidth: Int
  public var mirrored = false
  /// α of each principal component of the colours.
  public var alphas = SIMD3<Double>()

  /// The crop in the middle of the picture resized so that its shorter side is `shorterSide`. The longer side keeps the
  /// aspect ratio, rounded down, as torchvision does. A crop larger than that makes the side longer until it fits.
  public init(height: Int, width: Int, shorterSide: Int, crop: (height: Int, width: Int)) {
    precondition(height > 0 && width > 0 && shorterSide > 0, "\(height)×\(width) pixels resized to \(shorterSide)")
    (resizedHeight, resizedWidth) = Self.resized(
      height: height, width: width, shorterSide: max(shorterSide, max(crop.height, crop.width)))
    (cropHeight, cropWidth) = crop
    top = (resizedHeight - crop.height) / 2
    left = (resizedWidth - crop.width) / 2
  }

  /// Some rows and columns of the picture resized so that its shorter side is `shorterSide`.
  init(height: Int, width: Int, shorterSide: Int, rows: Range<Int>, columns: Range<Int>) {
    (resizedHeight, resizedWidth) = Self.resized(height: height, width: width, shorterSide: shorterSide)
    precondition(
      rows.upperBound <= resizedHeight && columns.upperBound <= resizedWidth,
      "rows \(rows) and columns \(columns) of \(resizedHeight)×\(resizedWidth)")
    (cropHeight, cropWidth) = (rows.count, columns.count)
    (top, left) = (rows.lowerBound, columns.lowerBound)
  }

  static func resized(height: Int, width: Int, shorterSide: Int) -> (height: Int, width: Int) {
    let short = min(height, width)
    return (
      height == short ? shorterSide : shorterSide * height / short,
      width == short ? shorterSide : shorterSide * width / short
    )
  }

  /// All of the picture at another size, which need not keep the aspect ratio.
  public init(wholeAsHeight height: Int, width: Int) {
    (resizedHeight, resizedWidth, cropHeight, cropWidth) = (height, width, height, width)
    (top, left) = (0, 0)
  }
}
