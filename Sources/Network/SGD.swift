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
        (description, description.offset + start..<description.offset + min(start + piece, description.count))
      }
    }
    let last = Atomic(-1)
    pool.parallelFor(pieces.count) { index, _ in
      let (description, range) = pieces[index]
      if !update(range, of: description, parameters, velocity, gradient) {
        last.max(description.layerIndex, ordering: .relaxed)
      }
    }
    let layer = last.load(ordering: .relaxed)
    return layer < 0 ? nil : layer
  }

  /// Updates those of the described parameters that lie in `range` of the network's vector, on the calling thread; returns
  /// what the other form does.
  public func update(
    _ range: Range<Int>, of descriptions: [ParameterDescription], parameters: FloatBuffer,
    momentum velocity: FloatBuffer, gradient: FloatBuffer
  ) -> Int? {
    var last: Int?
    for description in descriptions where description.range.overlaps(range) {
      let isFinite = update(
        description.range.clamped(to: range), of: description, parameters, velocity, gradient)
      if !isFinite { last = max(last ?? 0, description.layerIndex) }
    }
    return last
  }

  private func update(
    _ range: Range<Int>, of description: ParameterDescription, _ parameters: FloatBuffer, _ velocity: FloatBuffer,
    _ gradient: FloatBuffer
  ) -> Bool {
    momentumUpdate(
      weights: parameters.base + range.lowerBound, momentum: velocity.base + range.lowerBound,
      gradient: gradient.base + range.lowerBound, count: range.count, rule(for: description.role))
  }
}
