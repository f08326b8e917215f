import Kernels
import Randomness
import Testing

private let counts = [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1001]

@Test(arguments: counts)
func addAddsEveryElementOnce(count: Int) {
  var numbers = SplitMix64(count)
  let (a, b) = (numbers.floats(count), numbers.floats(count))
  for offset in [0, 1, 3] {
    let sum = GuardedBuffer(a, offset: offset)
    let addend = GuardedBuffer(b, offset: 2 * offset)
    add(addend.base, to: sum.base, count: count)
    #expect(sum.values == zip(a, b).map { $0 + $1 }, "seed \(count)")
    #expect(sum.isIntactAround)
  }
}

private struct Update {
  var learningRate: Float
  var momentumFactor: Float
  var weightDecay: Float

  /// The weights and the momentum after one step.
  func callAsFunction(_ w: GuardedBuffer, _ v: GuardedBuffer, _ g: GuardedBuffer, at start: Int = 0, count: Int) {
    momentumUpdate(
      weights: w.base + start, momentum: v.base + start, gradient: g.base + start, count: count,
      MomentumRule(learningRate: learningRate, momentumFactor: momentumFactor, weightDecay: weightDecay))
  }
}

@Test(arguments: counts)
func momentumUpdateIsItsDefinition(count: Int) {
  for update in [
    Update(learningRate: 0.01, momentumFactor: 0.9, weightDecay: 0.0005),
    Update(learningRate: 0.1, momentumFactor: 0, weightDecay: 0),
    Update(learningRate: 0, momentumFactor: 0.9, weightDecay: 0.1),
  ] {
    var numbers = SplitMix64(count)
    let (w, v, g) = (numbers.floats(count), numbers.floats(count), numbers.floats(count, in: -10...10))
    let (weights, momentum, gradient) = (GuardedBuffer(w), GuardedBuffer(v, offset: 1), GuardedBuffer(g, offset: 2))
    update(weights, momentum, gradient, count: count)
    let (rate, mu, lambda) = (
      Double(update.learningRate), Double(update.momentumFactor), Double(update.weightDecay)
    )
    for i in 0..<count {
      // v := μv − ε(g + λw), w := w + v
      let velocity = mu * Double(v[i]) - rate * (Double(g[i]) + lambda * Double(w[i]))
      let magnitude = mu * Double(abs(v[i])) + rate * (Double(abs(g[i])) + lambda * Double(abs(w[i])))
      // Three roundings on the way to v, one more to w; each at most 2⁻²⁴.
      #expect(abs(Double(momentum.base[i]) - velocity) <= 3 * 0x1p-24 * magnitude, "element \(i), seed \(count)")
      #expect(
        abs(Double(weights.base[i]) - (Double(w[i]) + velocity))
          <= 4 * 0x1p-24 * (magnitude + Double(abs(w[i]))), "element \(i), seed \(count)")
    }
    #expect(gradient.values == g)
    #expect(weights.isIntactAround && momentum.isIntactAround && gradient.isIntactAround)

    // An element's bits do not depend on whether it lies in the last, incomplete vector.
    let (weights1, momentum1) = (GuardedBuffer(w), GuardedBuffer(v))
    for i in 0..<count { update(weights1, momentum1, gradient, at: i, count: 1) }
    #expect(weights1.bits == weights.bits && momentum1.bits == momentum.bits, "seed \(count)")
  }
}
