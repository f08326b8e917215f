/// The way a network's input must be made, so that a checkpoint alone suffices to classify a picture.
public struct InputDescription: Equatable, Sendable {
  /// The per-pixel mean that is subtracted: (channels, height, width).
  public var meanShape: [Int]
  public var mean: [Float]
  /// The names of the classes, in the order of the scores.
  public var classNames: [String]

  public init(meanShape: [Int], mean: [Float], classNames: [String]) {
    precondition(
      meanShape.reduce(1, *) == mean.count, "a mean of shape \(meanShape) does not have \(mean.count) values")
    self.meanShape = meanShape
    self.mean = mean
    self.classNames = classNames
  }

  /// The digest of the mean, as of a parameter.
  var meanDigest: String {
    mean.withUnsafeBufferPointer { TensorDigests.digest(of: $0) }
  }
}
