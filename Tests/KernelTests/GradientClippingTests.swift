import Kernels
import Randomness
import TestSupport
import Testing

/// Clipping by PyTorch's values (`Tests/Golden/regularization.py`), and the exact sum of squares behind its norm.
@Suite struct GradientClippingTests {
  private let golden: GoldenFile

  init() throws {
    golden = try GoldenFile("regularization.json")
  }

  private func squares(_ values: [Float], limit: Float = .infinity) -> SquareSum {
    var sum = SquareSum()
    sum.add(values, count: values.count, limit: limit)
    return sum
  }

  /// An update from zero with a rate of −1 and no momentum gives the gradient as the rule sees it.
  private func seen(_ gradient: [Float], _ clipping: GradientClipping) -> (values: [Float], areFinite: Bool) {
    var (weights, momentum) = (
      [Float](repeating: 0, count: gradient.count), [Float](repeating: 0, count: gradient.count)
    )
    let rule = MomentumRule(learningRate: -1, momentumFactor: 0, weightDecay: 0.5, clipping: clipping)
    let areFinite = momentumUpdate(
      weights: &weights, momentum: &momentum, gradient: gradient, count: gradient.count, rule)
    return (weights, areFinite)
  }

  @Test(arguments: [("value", Float(1.5), nil), ("norm", .infinity, 2.0), ("long", .infinity, 1e3), ("both", 1.5, 2)])
  func clippedGradientsArePyTorchs(name: String, limit: Float, norm: Double?) throws {
    let gradient = try golden.tensor("clip/gradient").values
    var clipping = GradientClipping(limit: limit)
    if let norm {
      let length = squares(gradient, limit: limit).value.squareRoot()
      let expected = Double(try golden.tensor("clip/\(name)/norm").values[0])
      #expect(abs(length - expected) <= 1e-6 * expected)
      clipping.scale = GradientClipping.scale(norm: length, limit: norm)
    }
    for (own, expected) in zip(seen(gradient, clipping).values, try golden.tensor("clip/\(name)").values) {
      #expect(abs(own - expected) <= 1e-6 * abs(expected), "\(name)")
    }
    #expect(name != "long" || seen(gradient, clipping).values == gradient)
  }

  /// A gradient that is not finite ends a training with clipping as without it.
  @Test(arguments: [Float.nan, .infinity, -.infinity], [1, 16, 19])
  func whatIsNotFiniteShows(value: Float, count: Int) {
    var gradient = [Float](repeating: 3, count: count)
    #expect(seen(gradient, GradientClipping(limit: 1)).areFinite)
    gradient[count - 1] = value
    #expect(!seen(gradient, GradientClipping(limit: 1)).areFinite)
    #expect(!seen(gradient, GradientClipping(scale: 0.5)).areFinite)
    let sum = squares(gradient, limit: 2)
    #expect(!sum.isFinite && sum.value.isNaN)
    #expect(GradientClipping.scale(norm: sum.value.squareRoot(), limit: 1) == 1)
  }

  @Test func aSumOfSquaresIsExact() {
    // In Float, or in Double in this order, the small ones would vanish.
    let values = [Float(0x1p60)] + [Float](repeating: 0x1p-60, count: 1000) + [-0x1p60, 0, -0.0]
    let large = squares([0x1p60, -0x1p60])
    let small = squares([Float](repeating: 0x1p-60, count: 1000))
    var sum = large
    sum += small
    #expect(sum == squares(values) && sum != large)
    #expect(small.value == 1000 * 0x1p-120 && large.value == 0x1p121)
    #expect(squares([.leastNonzeroMagnitude, 3 * .leastNonzeroMagnitude]).value == 10 * 0x1p-298)
    #expect(
      squares([.greatestFiniteMagnitude]).value == Double(Float.greatestFiniteMagnitude)
        * Double(Float.greatestFiniteMagnitude))
  }

  /// Order, pieces and the way over the ranks change no bit.
  @Test(arguments: [0, 1, 3, 70_000, 140_001]) func noDivisionChangesTheSum(count: Int) {
    var numbers = SplitMix64(17)
    let values = (0..<count).map { _ in
      Float(
        sign: .plus, exponent: Int.random(in: -60...60, using: &numbers),
        significand: Float.random(in: 1..<2, using: &numbers))
    }
    let whole = squares(values)
    #expect(squares(values.reversed()) == whole)
    var parts = SquareSum()
    var limbs = [Int64](repeating: 0, count: whole.limbs.count)
    for start in stride(from: 0, to: count, by: 4097) {
      let part = squares(Array(values[start..<min(start + 4097, count)]))
      parts += part
      for (index, limb) in part.limbs.enumerated() { limbs[index] += limb }
    }
    #expect(parts == whole && SquareSum(limbs: limbs) == whole)
    #expect(SquareSum(limbs: limbs).value == whole.value)
    // Doubles in order of size agree to their rounding.
    let plain = values.map { Double($0) * Double($0) }.sorted().reduce(0, +)
    #expect(abs(plain - whole.value) <= 1e-12 * plain)
    #expect(squares(values, limit: 1) == squares(values.map { min($0, 1) }))
  }
}
