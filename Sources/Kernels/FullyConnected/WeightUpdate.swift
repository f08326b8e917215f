import CProcessor

/// The weights that an update changes, with their momentum, and the rule of the update.
public struct WeightUpdate {
  public var weights: UnsafeMutablePointer<Float>
  public var momentum: UnsafeMutablePointer<Float>
  public var rule: MomentumRule

  public init(weights: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>, rule: MomentumRule) {
    self.weights = weights
    self.momentum = momentum
    self.rule = rule
  }

  /// Fetches some weights and their momentum.
  @inline(__always)
  func prefetch(_ first: Int, _ count: Int) {
    var place = first
    while place < first &+ count {
      processor_prefetch(weights + place)
      processor_prefetch(momentum + place)
      place &+= blockWidth
    }
  }

  /// Updates some weights by their gradient.
  ///
  /// - Returns: whether they are finite.
  @inline(__always)
  func apply(_ first: Int, _ count: Int, _ gradient: UnsafePointer<Float>) -> Bool {
    momentumUpdate(
      weights: weights + first, momentum: momentum + first, gradient: gradient, count: count, rule)
  }
}
