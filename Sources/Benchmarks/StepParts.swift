/// Seconds that a pass over one leaf takes, measured with some numbers of images.
public struct LeafCost: Codable, Equatable, Sendable {
  public struct Point: Codable, Equatable, Sendable {
    public var images: Int
    public var seconds: Double

    public init(images: Int, seconds: Double) {
      self.images = images
      self.seconds = seconds
    }
  }

  /// With ascending numbers of images; at least one.
  public var points: [Point]

  public init(_ points: [Point]) {
    precondition(!points.isEmpty, "a cost that was measured nowhere")
    precondition(
      zip(points, points.dropFirst()).allSatisfy { $0.images < $1.images } && points[0].images > 0,
      "points at \(points.map(\.images)) images")
    self.points = points
  }

  /// On the straight line through the two neighbouring points, or the last two beyond them: what a leaf costs whatever
  /// its images, such as turning a weight gradient back from Winograd's form, and what each image adds. Below the first
  /// point, or with one alone, in proportion. A line that falls is taken as level: it was noise.
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

/// Seconds of work that several cores of a node do together, by Amdahl's law.
public struct CoreCost: Codable, Equatable, Sendable {
  public var oneCore: Double
  /// The part of `oneCore` that more cores do not make shorter, from 0 to 1.
  public var serialShare: Double

  public init(oneCore: Double, serialShare: Double = 0) {
    self.oneCore = oneCore
    self.serialShare = serialShare
  }

  /// From the times on one core and on `cores`: t(c) = t(1)·(s + (1 − s)/c), solved for s.
  public init(oneCore: Double, on cores: Int, seconds: Double) {
    let share = cores > 1 ? (seconds * Double(cores) / oneCore - 1) / Double(cores - 1) : 0
    self.init(oneCore: oneCore, serialShare: min(max(share, 0), 1))
  }

  public func seconds(cores: Int) -> Double {
    oneCore * (serialShare + (1 - serialShare) / Double(max(cores, 1)))
  }
}

/// What a training step is made of: seconds of each part on one core.
public struct StepParts: Codable, Equatable, Sendable {
  /// A layer of the tower.
  public struct Layer: Codable, Equatable, Sendable {
    public var name: String
    /// Floats of its gradient, which are added over the ranks.
    public var parameters: Int
    /// Turning the filters into the form that a pass reads, once in a step.
    public var forwardFilters: Double
    public var backwardFilters: Double
    /// Of one leaf.
    public var forward: LeafCost
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

  /// Images of the mini-batch, which `fullyConnected` and `headUpdate` were measured with.
  public var batch: Int
  /// Floats that the tower hands to the fc layers for an image.
  public var featureCount: Int
  /// From the image upwards.
  public var layers: [Layer]
  public var towerUpdate: Double
  /// The fc layers forward, the loss, and backward to the features' gradients.
  public var fullyConnected: CoreCost
  /// The fc layers' weight gradients and update.
  public var headUpdate: CoreCost
  /// To copy a float of a vector that is longer than the caches.
  public var copy: Double
  /// To add a float of such a vector to another's.
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
