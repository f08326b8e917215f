/// An exponential moving average of a network's parameters w: after the step number t, from 0,
///
///     ē := d·ē + (1 − d)·w,  d = min(decay, t/(t + 1)).
///
/// It begins as the plain mean of all parameters so far, so that the first ones, which were drawn, leave no trace, and
/// becomes the moving average when t/(t + 1) reaches the decay. Sources: Polyak and Juditsky 1992; Szegedy et al. 2016,
/// Section 8, for networks; the beginning is that of timm's `ModelEmaV3` with `use_warmup` and a power of 1.
public struct WeightAverage: Equatable, Sendable {
  /// The decay d in the long run, from 0 to below 1.
  public var decay: Double

  public init(decay: Double) {
    precondition((0..<1).contains(decay), "a decay of \(decay)")
    self.decay = decay
  }

  /// Returns the share 1 − d of the new parameters.
  ///
  /// - Parameter iteration: the number of steps done before the one that made them.
  public func share(iteration: Int) -> Float {
    Float(1 - min(decay, Double(iteration) / Double(iteration + 1)))
  }
}
