import Kernels
import Synchronization

/// Stochastic gradient descent with momentum, the rate inside the momentum: v := μv − ε(g + λw), w := w + v.
///
/// λ applies to weights only: not to biases, not to PReLU's coefficients (paper, section 2.1).
public struct SGD: Equatable, Sendable {
  public var learningRate: Float
  public var momentum: Float
  public var weightDecay: Float

  public init(learningRate: Float, momentum: Float, weightDecay: Float) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// The update of one parameter.
  func rule(for role: ParameterDescription.Role) -> MomentumRule {
    MomentumRule(
      learningRate: learningRate, momentumFactor: momentum, weightDecay: role == .weight ? weightDecay : 0)
  }

  /// Updates the described parameters in place; `gradient` is with respect to the mean loss of the whole mini-batch.
  ///
  /// - Returns: of the layers with an update that is no number (NaN or infinite), the last one, which the gradient comes
  ///   to first; an index of `ResolvedArchitecture.layers`. Nil where all are numbers.
  @discardableResult
  public func update(
    _ descriptions: [ParameterDescription], parameters: FloatBuffer, momentum velocity: FloatBuffer,
    gradient: FloatBuffer, on pool: ThreadPool
  ) -> Int? {
    let piece = 1 << 16
    let pieces = descriptions.flatMap { description in
      stride(from: 0, to: description.count, by: piece).map { start in
        (
          offset: description.offset + start, count: min(piece, description.count - start),
          rule: rule(for: description.role), layer: description.layerIndex
        )
      }
    }
    let last = Atomic(-1)
    pool.parallelFor(pieces.count) { index, _ in
      let (offset, count, rule, layer) = pieces[index]
      let isFinite = momentumUpdate(
        weights: parameters.base + offset, momentum: velocity.base + offset, gradient: gradient.base + offset,
        count: count, rule)
      if !isFinite { last.max(layer, ordering: .relaxed) }
    }
    let layer = last.load(ordering: .relaxed)
    return layer < 0 ? nil : layer
  }
}
