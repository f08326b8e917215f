/// The seconds that a pass over one leaf takes, measured with some numbers of images.
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

  /// Returns the seconds for a number of images.
  ///
  /// They lie on the straight line through the two neighboring points, or through the last two beyond all points: a
  /// leaf has a cost of its own, such as turning a weight gradient back from Winograd's form, and each image adds to
  /// it. Below the first point, or with only one point, they are proportional to the images. A line that falls is taken
  /// as level, since that was noise.
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

/// The seconds of work that several cores of a node do together, by Amdahl's law.
public struct CoreCost: Codable, Equatable, Sendable {
  /// The seconds on one core.
  public var oneCore: Double
  /// The part of `oneCore` that more cores do not make shorter, from 0 to 1.
  public var serialShare: Double

  public init(oneCore: Double, serialShare: Double = 0) {
    self.oneCore = oneCore
    self.serialShare = serialShare
  }

  /// Derives the serial share s from the seconds on one core and on `cores`: t(c) = t(1)·(s + (1 − s)/c), solved for s.
  public init(oneCore: Double, on cores: Int, seconds: Double) {
    let share = cores > 1 ? (seconds * Double(cores) / oneCore - 1) / Double(cores - 1) : 0
    self.init(oneCore: oneCore, serialShare: min(max(share, 0), 1))
  }

  /// Returns the seconds on a number of cores.
  public func seconds(cores: Int) -> Double {
    oneCore * (serialShare + (1 - serialShare) / Double(max(cores, 1)))
  }
}

/// The parts of a training step, in seconds on one core.
public struct StepParts: Codable, Equatable, Sendable {
  /// A layer of the tower.
  public struct Layer: Codable, Equatable, Sendable {
    public var name: String
    /// The number of floats of its gradient, which are added over the ranks.
    public var parameters: Int
    /// The seconds in which the filters are turned, once in a step, into the form that the forward pass reads.
    public var forwardFilters: Double
    /// The same for the backward pass.
    public var backwardFilters: Double
    /// The forward pass over one leaf.
    public var forward: LeafCost
    /// The backward pass over one leaf.
    public var backward: LeafCost

    public init(
      name: String, parameters: Int, forwardFilters: Double, backwardFilters: Double, forward: LeafCost,
      backward: LeafCost
    ) {
      self.name = name
      self.parameters = parameters
      self.forwardFilters = forwardFilters
      self.backwardFilters = backwardFilters
      self.forward = forward
      self.backward = backward
    }
  }

  /// The number of images of the mini-batch that `fullyConnected` and `headUpdate` were measured with.
  public var batch: Int
  /// The number of floats that the tower hands to the fully connected layers for an image.
  public var featureCount: Int
  /// The tower's layers, from the image upwards.
  public var layers: [Layer]
  /// The update of the tower's parameters.
  public var towerUpdate: Double
  /// The fully connected layers forward, the loss, and the way back to the features' gradients.
  public var fullyConnected: CoreCost
  /// The weight gradients of the fully connected layers and their update.
  public var headUpdate: CoreCost
  /// The copying of a float of a vector that is longer than the caches.
  public var copy: Double
  /// The addition of a float of such a vector to another's.
  public var add: Double

  public init(
    batch: Int, featureCount: Int, layers: [Layer], towerUpdate: Double, fullyConnected: CoreCost, headUpdate: CoreCost,
    copy: Double, add: Double
  ) {
    self.batch = batch
    self.featureCount = featureCount
    self.layers = layers
    self.towerUpdate = towerUpdate
    self.fullyConnected = fullyConnected
    self.headUpdate = headUpdate
    self.copy = copy
    self.add = add
  }
}
