/// The number of images of a set that were classified wrongly. They are whole numbers, so that sums over ranks are
/// exact.
public struct ErrorCounts: Equatable, Sendable {
  public var images: Int
  /// The number of images whose label does not have the highest score.
  public var top1: Int
  /// The number of images whose label is not among the five highest scores.
  public var top5: Int

  public init(images: Int = 0, top1: Int = 0, top5: Int = 0) {
    self.images = images
    self.top1 = top1
    self.top5 = top5
  }

  /// The top-1 error in percent.
  public var top1Error: Double { images == 0 ? 0 : 100 * Double(top1) / Double(images) }
  /// The top-5 error in percent.
  public var top5Error: Double { images == 0 ? 0 : 100 * Double(top5) / Double(images) }
}
