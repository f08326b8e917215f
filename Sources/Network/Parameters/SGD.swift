import Kernels
import Synchronization

/// The vectors that an update reads and writes; all are laid out like the network's parameters.
public struct SolverState: Sendable {
  public let parameters: FloatBuffer
  public let momentum: FloatBuffer
  /// The gradient of the mean loss of the whole mini-batch.
  public let gradient: FloatBuffer

  public init(parameters: FloatBuffer, momentum: FloatBuffer, gradient: FloatBuffer) {
    self.parameters = parameters
    self.momentum = momentum
    self.gradient = gradient
  }
}

/// Stochastic gradient descent with momentum, the rate inside the momentum: v := μv − ε(g + λw), w := w + v.
///
/// λ applies only to weights: not to biases, not to PReLU's coefficients (paper, section 2.1).
public struct SGD: Equatable, Sendable {
  public var learningRate: Float
  public var momentum: Float
  public var weightDecay: Float
  /// The change of the gradient before the rule.
  public var clipping = GradientClipping.none

  public init(learningRate: Float, momentum: Float, weightDecay: Float) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// The rule that updates parameters of this role.
  ///
  /// - Parameter rate: the layer's factor of the learning rate.
  func rule(for role: ParameterDescription.Role, rate: Float) -> MomentumRule {
    MomentumRule(
      learningRate: learningRate * rate, momentumFactor: momentum, weightDecay: role == .weight ? weightDecay : 0,
      clipping: clipping)
  }

  /// Updates the described parameters in place.
  ///
  /// - Returns: The last layer, to which the gradient comes first, of those with an update that is NaN or infinite: an
  ///   index of `ResolvedArchitecture.layers`. Nil if all updates are finite.
  @discardableResult
  public func update(_ descriptions: [ParameterDescription], _ state: SolverState, on pool: ThreadPool) -> Int? {
    let piece = 1 << 16
    let pieces = descriptions.flatMap { description in
      stride(from: 0, to: description.count, by: piece).map { start in
        (description, description.offset + start..<description.offset + min(start + piece, description.count))
      }
    }
    let last = Atomic(-1)
    pool.parallelFor(pieces.count, as: "new parameters") { index, _ in
      let (description, range) = pieces[index]
      if !update(range, of: description, state) { last.max(description.layerIndex, ordering: .relaxed) }
    }
    let layer = last.load(ordering: .relaxed)
    return layer < 0 ? nil : layer
  }

  /// Updates those of the described parameters that lie in `range` of the network's vector, on the calling thread.
  ///
  /// - Returns: The layer that the other form returns.
  public func update(_ range: Range<Int>, of descriptions: [ParameterDescription], _ state: SolverState) -> Int? {
    var last: Int?
    for description in descriptions where description.range.overlaps(range) {
      let isFinite = update(description.range.clamped(to: range), of: description, state)
      if !isFinite { last = max(last ?? 0, description.layerIndex) }
    }
    return last
  }

  private func update(_ range: Range<Int>, of description: ParameterDescription, _ state: SolverState) -> Bool {
    momentumUpdate(
      weights: state.parameters.base + range.lowerBound, momentum: state.momentum.base + range.lowerBound,
      gradient: state.gradient.base + range.lowerBound, count: range.count,
      rule(for: description.role, rate: description.rate))
  }
}
