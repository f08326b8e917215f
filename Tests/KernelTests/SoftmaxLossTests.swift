import Glibc
import Kernels
import Randomness
import Testing

/// The larger of two errors; a NaN is the largest.
private func larger(_ a: Double, _ b: Double) -> Double { b.isNaN ? .infinity : max(a, b) }

@Test(arguments: [1, 2, 10, 17, 1000], [1, 3, 128])
func softmaxLossIsItsDefinition(classes: Int, rows: Int) {
  for scale in [Float(0.01), 1, 30, 1e4] {
    let seed = classes * 1000 + rows
    var numbers = SplitMix64(seed)
    let scores = numbers.floats(rows * classes, in: -scale...scale)
    let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(classes), using: &numbers) }
    let dScores = GuardedBuffer(rows * classes)
    let result = softmaxLoss(
      scores, labels: labels, rows: rows, classes: classes, dScores: dScores.base)

    var loss = 0.0
    var errors = 0
    // The largest error in units of its bound. Everything but the gradient's last rounding is in Double.
    var worst = (gradient: 0.0, probability: 0.0)
    for row in 0..<rows {
      let label = Int(labels[row])
      let own = Array(scores[row * classes..<(row + 1) * classes])
      let expected = SoftmaxLossReference(own.map(Double.init), label: label)
      loss += expected.loss
      if own.firstIndex(of: own.max()!) != label { errors += 1 }
      var probabilities = [Double](repeating: 0, count: classes)
      addSoftmax(own, classes: classes, weight: 1, to: &probabilities)
      for k in 0..<classes {
        let gradient = expected.gradient[k] / Double(rows)
        let bound = 0x1p-24 * abs(gradient) + 1e-15 / Double(rows)
        worst.gradient = larger(worst.gradient, abs(Double(dScores.base[row * classes + k]) - gradient) / bound)
        worst.probability = larger(worst.probability, abs(probabilities[k] - expected.probabilities[k]) / 1e-15)
      }
    }
    #expect(worst.gradient <= 1, "scale \(scale), seed \(seed)")
    #expect(worst.probability <= 1, "scale \(scale), seed \(seed)")
    #expect(abs(result.lossSum - loss) <= 1e-12 * loss, "scale \(scale), seed \(seed)")
    #expect(result.errors == errors, "scale \(scale), seed \(seed)")
    #expect(dScores.isIntactAround)
  }
}

@Test func extremeScoresGiveExactLosses() {
  let dScores = GuardedBuffer(4)
  let result = softmaxLoss(
    [1e4, -1e4, 1e4, -1e4], labels: [0, 1], rows: 2, classes: 2, dScores: dScores.base)
  #expect(result == LossResult(lossSum: 2e4, errors: 1))
  #expect(dScores.values == [0, 0, 0.5, -0.5])
}

@Test func oneClassHasNoLoss() {
  let dScores = GuardedBuffer(1)
  let result = softmaxLoss([-37], labels: [0], rows: 1, classes: 1, dScores: dScores.base)
  #expect(result == LossResult(lossSum: 0, errors: 0))
  #expect(dScores.values == [0])
}

@Test func noRowsHaveNoLoss() {
  let dScores = GuardedBuffer(0)
  let result = softmaxLoss([], labels: [], rows: 0, classes: 10, dScores: dScores.base)
  #expect(result == LossResult(lossSum: 0, errors: 0))
  #expect(dScores.isIntactAround)
}

@Test(arguments: [Float.nan, .infinity])
func scoresThatAreNoNumbersShowInTheLoss(score: Float) {
  for position in 0..<3 {
    var scores: [Float] = [1, 2, 3]
    scores[position] = score
    let dScores = GuardedBuffer(3)
    let result = softmaxLoss(scores, labels: [1], rows: 1, classes: 3, dScores: dScores.base)
    #expect(!result.lossSum.isFinite, "\(score) at \(position)")
  }
}

@Test func rankCountsHigherScoresAndEarlierEqualOnes() {
  func ranks(_ scores: [Float]) -> [Int] {
    let buffer = GuardedBuffer(scores)
    return scores.indices.map { rank(of: $0, in: buffer.base, classes: scores.count) }
  }
  #expect(ranks([3, 1, 2]) == [0, 2, 1])
  #expect(ranks([7]) == [0])
  // All equal: one label is right, not all.
  #expect(ranks([1, 1, 1, 1]) == [0, 1, 2, 3])
  #expect(ranks([1, 2, 1, 2]) == [2, 0, 3, 1])
  #expect(ranks([0, -0.0]) == [0, 1])
  #expect(ranks([-.infinity, .infinity, 0]) == [2, 0, 1])
  // A score that is not a number is never right, and does not hide the others' order.
  #expect(ranks([.nan, 2, 3]) == [3, 1, 0])
  #expect(ranks([.nan]) == [1])
}

/// Worked by hand: e⁰ and e^ln 3 are 1 and 3.
@Test func referenceLossByHand() {
  let reference = SoftmaxLossReference([1, 1 + log(3)], label: 0)
  #expect(abs(reference.loss - log(4)) < 1e-15)
  #expect(abs(reference.probabilities[0] - 0.25) < 1e-15 && abs(reference.probabilities[1] - 0.75) < 1e-15)
  #expect(abs(reference.gradient[0] + 0.75) < 1e-15 && abs(reference.gradient[1] - 0.75) < 1e-15)
}

/// PyTorch 2's `cross_entropy(scores, labels, weight=)` and the gradient of its result; its floats have 24 bits.
@Test func weightedLossIsPyTorchs() {
  let scores: [Float] = [0.5, -1.25, 2.0, 0.25, 1.5, 0.0, -0.75, 3.0, -2.0, 0.125, 0.375, 1.0]
  let labels: [Int32] = [2, 0, 1]
  let weights = [1.25, 0.5, 2.0]
  let expected: [Float] = [
    0.05180598422884941, 0.00900253001600504, -0.10115504264831543, 0.04034654051065445, -0.11038526147603989,
    0.005120407324284315, 0.00241870922036469, 0.10284614562988281, 0.013263881206512451, -0.42227625846862793,
    0.1426001638174057, 0.2664121687412262,
  ]
  let dScores = GuardedBuffer(12)
  let result = labels.withUnsafeBufferPointer { labels in
    weights.withUnsafeBufferPointer { weights in
      softmaxLoss(
        scores, LossTarget(labels: labels.baseAddress!, weights: weights.baseAddress!), rows: 3, classes: 4,
        dScores: dScores.base)
    }
  }
  #expect(abs(result.lossSum / 3 - 1.1920160055160522) < 1e-6)
  for (own, other) in zip(dScores.values, expected) { #expect(abs(own - other) < 1e-7) }
  #expect(dScores.isIntactAround)
}

/// Weights of 1 give the bits of none.
@Test func equalWeightsChangeNothing() {
  let scores: [Float] = [0.3, -0.7, 1.1, 0.2, 0.9, -2]
  let labels: [Int32] = [2, 0]
  let weights = [1.0, 1.0]
  let (plain, weighted) = (GuardedBuffer(6), GuardedBuffer(6))
  let expected = softmaxLoss(scores, labels: labels, rows: 2, classes: 3, dScores: plain.base)
  let result = labels.withUnsafeBufferPointer { labels in
    weights.withUnsafeBufferPointer { weights in
      softmaxLoss(
        scores, LossTarget(labels: labels.baseAddress!, weights: weights.baseAddress!), rows: 2, classes: 3,
        dScores: weighted.base)
    }
  }
  #expect(result == expected && plain.values == weighted.values)
}
