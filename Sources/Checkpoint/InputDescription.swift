/// What a network's input must be made like, so that a checkpoint alone suffices to classify a picture.
public struct InputDescription: Equatable, Sendable {
  /// The per-pixel mean that is subtracted: (channels, height, width).
  public var meanShape: [Int]
  public var mean: [Float]
  /// What the names of the classes are, in the order of the scores.
  public var classNames: [String]

  public init(meanShape: [Int], mean: [Float], classNames: [String]) {
    precondition(
      meanShape.reduce(1, *) == mean.count, "a mean of shape \(meanShape) does not have \(mean.count) values")
    self.meanShape = meanShape
    self.mean = mean
    self.classNames = classNames
  }

  /// Of all of it, for the header's digest.
  var digest: String {
    ContentDigest.ofTexts(
      [mean.withUnsafeBufferPointer { ValueDigest.of($0) }, "\(meanShape)"] + classNames)
  }
}
