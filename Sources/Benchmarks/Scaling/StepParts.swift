/// The parts of a training step, in seconds, each on one core unless its name says otherwise.
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
  public var towerUpdate: CoreCost
  /// The fully connected layers forward, the loss, and the way back to the features' gradients.
  public var fullyConnected: CoreCost
  /// The weight gradients of the fully connected layers and their update.
  public var headUpdate: CoreCost
  /// The number of parameters of the fully connected layers.
  public var headParameters = 0
  /// The copying of a float of a vector that is longer than the caches.
  public var copy: Double
  /// The addition of a float of such a vector to another's.
  public var add: Double
  /// The cost of several threads; nil where there is one core, on which it cannot be measured.
  public var threads: ThreadCosts?

  public init(
    batch: Int, featureCount: Int, layers: [Layer], towerUpdate: CoreCost, fullyConnected: CoreCost,
    headUpdate: CoreCost, copy: Double, add: Double
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

/// The time that several threads of a rank take beyond a perfect division of the work, measured with as many threads as
/// there are cores.
public struct ThreadCosts: Codable, Equatable, Sendable {
  /// The number of threads that it was measured with.
  public var threads: Int
  /// The factor by which a leaf's forward pass takes longer on these threads together than its plan says.
  public var sharedForward: Double
  /// The same for the backward pass.
  public var sharedBackward: Double
  /// The factor by which a leaf takes longer on a thread while each of the other threads computes one, too.
  public var beside: Double
  /// The seconds of a wait of the team for each member but the first.
  public var wait: Double
  /// The seconds of calling the team together for each member but the first.
  public var start: Double

  public init(
    threads: Int, sharedForward: Double = 1, sharedBackward: Double = 1, beside: Double = 1, wait: Double = 0,
    start: Double = 0
  ) {
    self.threads = threads
    self.sharedForward = sharedForward
    self.sharedBackward = sharedBackward
    self.beside = beside
    self.wait = wait
    self.start = start
  }
}
