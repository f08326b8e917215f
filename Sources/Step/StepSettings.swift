import Kernels
import Network

/// The settings of a run's steps that no step changes.
public struct StepSettings: Equatable, Sendable {
  /// The seed of the dropout.
  public var seed: UInt64
  /// The moving average of the parameters; nil for none.
  public var average: WeightAverage?
  /// The largest magnitude of a gradient's element; infinity for no limit.
  public var valueLimit: Float
  /// The largest norm of the gradient of all parameters that are trained; nil for no limit.
  ///
  /// The norm is known when the last gradient is, and no parameter can change before. So rank 0 writes the gradients of
  /// the fully connected layers' weights out, which otherwise never leave the cache, and updates these layers after the
  /// backward pass while the other ranks wait; the sums of the tower's gradients still travel behind the backward pass,
  /// but the tower's update and the exchange of its new parameters come after it.
  public var normLimit: Double?

  public init(seed: UInt64, average: WeightAverage? = nil, valueLimit: Float = .infinity, normLimit: Double? = nil) {
    self.seed = seed
    self.average = average
    self.valueLimit = valueLimit
    self.normLimit = normLimit
  }

  /// Returns an order with the limit of the gradient's elements in its rule.
  func limited(_ order: StepOrder) -> StepOrder {
    var order = order
    order.sgd.clipping = GradientClipping(limit: valueLimit)
    return order
  }
}
