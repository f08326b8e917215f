import System

/// Labeled images held in memory as bytes, planar: (count, channels, height, width).
///
/// A value is a view: subsets share the pixels of the images that they were taken from.
public struct LabeledImages: Sendable {
  public let extents: Extents
  public let classCount: Int
  /// The class of each image, 0 ..< `classCount`.
  public let labels: [Int32]
  private let storage: [UInt8]
  /// The place in `storage` of each image of this view.
  private let positions: [Int32]

  /// Takes the images in `pixels`, (labels.count, channels, height, width).
  public init(pixels: [UInt8], extents: Extents, labels: [Int32], classCount: Int) {
    precondition(
      pixels.count == labels.count * extents.count,
      "\(labels.count) images of \(extents) are \(labels.count * extents.count) bytes, not \(pixels.count)")
    precondition(
      labels.allSatisfy { 0 <= $0 && $0 < classCount },
      "labels \(labels.min() ?? 0) ... \(labels.max() ?? 0) are not all in 0 ..< \(classCount)")
    self.extents = extents
    self.classCount = classCount
    self.labels = labels
    storage = pixels
    positions = (0..<Int32(labels.count)).map { $0 }
  }

  private init(of other: LabeledImages, indices: [Int]) {
    extents = other.extents
    classCount = other.classCount
    storage = other.storage
    labels = indices.map { other.labels[$0] }
    positions = indices.map { other.positions[$0] }
  }

  public var count: Int { labels.count }

  /// Returns the images at `indices`, in that order. No pixel is copied.
  public func subset(_ indices: [Int]) -> LabeledImages {
    LabeledImages(of: self, indices: indices)
  }

  /// Calls `body` with the pixels of image `index`, (channels, height, width). They are not valid afterwards.
  public func withPixels<Result>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let count = extents.count
    let start = Int(positions[index]) * count
    return storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<start + count])) }
  }

  /// Returns a copy of the pixels of image `index`, (channels, height, width).
  public func pixels(of index: Int) -> [UInt8] {
    withPixels(of: index) { Array($0) }
  }
}
