import Checkpoint
import Packs

/// Everything that is read of a checkpoint.
struct CheckpointContent: Equatable {
  private let header: CheckpointHeader
  private let digest: String
  private let bits: [[UInt32]]

  init(_ path: String) throws {
    header = try CheckpointFile.readHeader(path)
    digest = try CheckpointFile.digest(ofFile: path)
    let network = SmallTensors()
    bits = try withExtendedLifetime(network) {
      try CheckpointFile.read(path, into: network.tensors)
      return network.tensors.flatMap { [$0.values.map(\.bitPattern), $0.momentum?.map(\.bitPattern) ?? []] }
    }
  }
}

/// Everything that is read of a pack.
struct PackContent: Equatable {
  private var texts: [String]
  private var numbers: [Double]
  private var labels: [Int32] = []
  private var names: [String] = []
  private var pictures: [[UInt8]] = []

  init(_ path: String) throws {
    let pack = try Pack(path)
    texts = pack.classNames + pack.classFolders + [pack.fingerprint] + pack.skipped
    let colors = pack.colors
    numbers =
      colors.mean + colors.covariance + colors.eigenvalues + colors.eigenvectors + pack.mean.values.map(Double.init)
    for part in PackPart.allCases {
      guard let images = pack.images(part) else { continue }
      labels += images.labels
      for index in images.labels.indices {
        var bytes = [UInt8](repeating: 0, count: images.byteCount(of: index))
        try images.read(index, into: &bytes)
        pictures.append(bytes)
        names.append("\(part) \(images.fileName(of: index)) \(images.extents(of: index))")
      }
    }
  }
}
