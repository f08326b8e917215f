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
  /// The change of the gradient g before all else.
  public var clipping: GradientClipping

  public init(
    learningRate: Float, momentumFactor: Float, weightDecay: Float, clipping: GradientClipping = .none
  ) {
    self.learningRate = learningRate
    self.momentumFactor = momentumFactor
    self.weightDecay = weightDecay
    self.clipping = clipping
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
  guard rule.clipping == .none else {
    return clippedMomentumUpdate(weights: weights, momentum: momentum, gradient: gradient, count: count, rule)
  }
  return applyMomentum(weights, momentum, gradient, count, rule) { $0 }
}

/// Applies the rule with its clipping. It stands by itself so that the usual update has no more in its loop than it
/// needs.
@inline(never)
private func clippedMomentumUpdate(
  weights: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
  count: Int, _ rule: MomentumRule
) -> Bool {
  applyMomentum(weights, momentum, gradient, count, rule) { rule.clipping.clipped($0) }
}

@inline(__always)
private func applyMomentum(
  _ weights: UnsafeMutablePointer<Float>, _ momentum: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
  _ count: Int, _ rule: MomentumRule, _ change: (Vector) -> Vector
) -> Bool {
  let (rate, mu, lambda) = (
    Vector(repeating: -rule.learningRate), Vector(repeating: rule.momentumFactor), Vector(repeating: rule.weightDecay)
  )
  @inline(__always)
  func updated(_ w: Vector, _ v: Vector, _ g: Vector) -> (w: Vector, v: Vector) {
    let next = multiplyAdd(mu * v, rate, multiplyAdd(change(g), lambda, w))
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

/// Moves averages toward values, as PyTorch's `lerp_` does: a := a + share·(w − a) for shares below ½, else
/// a := w − (1 − share)·(w − a), so that a share of 1 gives the values to the bit.
///
/// An average's result does not depend on how many are moved together.
public func moveAverage(
  _ average: UnsafeMutablePointer<Float>, toward values: UnsafePointer<Float>, share: Float, count: Int
) {
  let isSmall = share < 0.5
  let factor = Vector(repeating: isSmall ? share : share - 1)
  @inline(__always)
  func moved(_ a: Vector, _ w: Vector) -> Vector { multiplyAdd(isSmall ? a : w, factor, w - a) }
  var index = 0
  while index &+ blockWidth <= count {
    store(moved(load(average + index), load(values + index)), average + index)
    index &+= blockWidth
  }
  while index < count {
    average[index] = moved(Vector(repeating: average[index]), Vector(repeating: values[index]))[0]
    index &+= 1
  }
}
