import Packs

/// The object that `inspect --json` prints for a pack.
struct PackObject: Encodable {
  let pack: String
  let fingerprint: String
  let classes: [String]
  /// The number of pictures of each split that the pack has.
  let pictures: [String: Int]
  let colorMean: [Double]
  let colorEigenvalues: [Double]
  let colorEigenvectors: [Double]
  let skipped: [String]

  private enum CodingKeys: String, CodingKey {
    case pack, fingerprint, classes, pictures, skipped
    case colorMean = "color_mean"
    case colorEigenvalues = "color_eigenvalues"
    case colorEigenvectors = "color_eigenvectors"
  }

  init(_ pack: Pack, pictures: [(String, Int)]) {
    self.pack = pack.path
    fingerprint = pack.fingerprint
    classes = pack.classNames
    self.pictures = Dictionary(uniqueKeysWithValues: pictures)
    colorMean = pack.colors.mean
    colorEigenvalues = pack.colors.eigenvalues
    colorEigenvectors = pack.colors.eigenvectors
    skipped = pack.skipped
  }
}
