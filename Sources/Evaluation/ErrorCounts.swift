/// How many images of a set were classified wrongly: whole numbers, so that sums over ranks are exact.
public struct ErrorCounts: Equatable, Sendable {
  public var images: Int
  /// Images whose label has not the highest score.
  public var top1: Int
  /// Images whose label is not among the five highest scores.
  public var top5: Int

  public init(images: Int = 0, top1: Int = 0, top5: Int = 0) {
    self.images = images
    self.top1 = top1
    self.top5 = top5
  }

  /// Per cent.
  public var top1Error: Double { images == 0 ? 0 : 100 * Double(top1) / Double(images) }
  public var top5Error: Double { images == 0 ? 0 : 100 * Double(top5) / Double(images) }
}
