/// The seconds that a pass over one leaf takes on one thread, measured with some numbers of images.
public struct LeafCost: Codable, Equatable, Sendable {
  /// A measurement.
  public struct Point: Codable, Equatable, Sendable {
    public var images: Int
    public var seconds: Double

    public init(images: Int, seconds: Double) {
      self.images = images
      self.seconds = seconds
    }
  }

  /// The measurements, at least one, with ascending numbers of images.
  public var points: [Point]

  public init(_ points: [Point]) {
    precondition(!points.isEmpty, "a cost without a measurement")
    precondition(
      zip(points, points.dropFirst()).allSatisfy { $0.images < $1.images } && points[0].images > 0,
      "points at \(points.map(\.images)) images")
    self.points = points
  }

  /// Whether more images took no longer somewhere, which is noise, and which `seconds` takes as level.
  public var isNoisy: Bool { zip(points, points.dropFirst()).contains { $1.seconds <= $0.seconds } }

  /// Returns the seconds for a number of images.
  ///
  /// They lie on the straight line through the two neighboring points, or through the last two beyond all points: a
  /// leaf has a cost of its own, such as turning a weight gradient back from Winograd's form, and each image adds to
  /// it. Below the first point, or with only one point, they are proportional to the images. A line that falls is taken
  /// as level.
  public func seconds(images: Int) -> Double {
    guard images > points[0].images, points.count > 1 else {
      return points[0].seconds * Double(images) / Double(points[0].images)
    }
    let upper = points.firstIndex { images <= $0.images } ?? points.count - 1
    let (a, b) = (points[upper - 1], points[upper])
    let slope = max(0, b.seconds - a.seconds) / Double(b.images - a.images)
    return a.seconds + slope * Double(images - a.images)
  }
}
