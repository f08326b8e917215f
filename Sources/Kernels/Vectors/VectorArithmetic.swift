/// Adds: sum[i] += addend[i].
public func add(_ addend: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
  var index = 0
  while index &+ blockWidth <= count {
    store(load(sum + index) + load(addend + index), sum + index)
    index &+= blockWidth
  }
  while index < count {
    sum[index] += addend[index]
    index &+= 1
  }
}

/// The rule of SGD with momentum, the rate inside the momentum (Eqn 4's form): v := μv − ε(g + λw), w := w + v.
public struct MomentumRule: Equatable, Sendable {
  /// The learning rate ε.
  public var learningRate: Float
  /// The momentum μ.
  public var momentumFactor: Float
  /// The weight decay λ.
  public var weightDecay: Float

  public init(learningRate: Float, momentumFactor: Float, weightDecay: Float) {
    self.learningRate = learningRate
    self.momentumFactor = momentumFactor
    self.weightDecay = weightDecay
  }
}

/// Applies the rule to `count` weights in one pass. A weight's result does not depend on how many are updated together.
///
/// - Returns: Whether all new momenta are finite; they are not if a gradient is NaN or infinite.
@discardableResult
@inline(__always)
public func momentumUpdate(
  weights: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
  count: Int, _ rule: MomentumRule
) -> Bool {
  let (rate, mu, lambda) = (
    Vector(repeating: -rule.learningRate), Vector(repeating: rule.momentumFactor), Vector(repeating: rule.weightDecay)
  )
  @inline(__always)
  func updated(_ w: Vector, _ v: Vector, _ g: Vector) -> (w: Vector, v: Vector) {
    let next = multiplyAdd(mu * v, rate, multiplyAdd(g, lambda, w))
    return (w + next, next)
  }
  // v·0 is 0 if v is finite and NaN otherwise, and a sum that has met a NaN stays one.
  var check = Vector.zero
  var index = 0
  while index &+ blockWidth <= count {
    let (w, v) = updated(load(weights + index), load(momentum + index), load(gradient + index))
    check += v * 0
    store(v, momentum + index)
    store(w, weights + index)
    index &+= blockWidth
  }
  while index < count {
    let (w, v) = updated(
      Vector(repeating: weights[index]), Vector(repeating: momentum[index]), Vector(repeating: gradient[index]))
    check += v * 0
    momentum[index] = v[0]
    weights[index] = w[0]
    index &+= 1
  }
  return check == .zero
}
