/// The effect of one step on one layer: whether signals reach it, and what moves it (paper, section 2.2).
public struct LayerStatistics: Equatable, Sendable {
  /// The layer's name in its architecture.
  public var layer: String
  /// The standard deviation of the responses before their activation, over the whole mini-batch.
  public var responseDeviation: Double
  /// The standard deviation of the gradients of the mini-batch's mean loss with respect to them.
  public var gradientDeviation: Double
  /// The norm of the weights' update over that of the weights.
  public var updateRatio: Double
  /// The share of weight decay in the update, ‖λw‖ / (‖λw‖ + ‖g‖): 1 if weight decay is all that moves the layer,
  /// which is what diminishing gradients look like.
  public var decayShare: Double

  public init(
    layer: String, responseDeviation: Double, gradientDeviation: Double, updateRatio: Double, decayShare: Double
  ) {
    self.layer = layer
    self.responseDeviation = responseDeviation
    self.gradientDeviation = gradientDeviation
    self.updateRatio = updateRatio
    self.decayShare = decayShare
  }
}
