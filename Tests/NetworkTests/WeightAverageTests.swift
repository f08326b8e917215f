import Kernels
import Network
import TestSupport
import Testing

/// The moving average of weights against timm's (`Tests/Golden/regularization.py`).
@Test func theMovingAverageIsTimms() throws {
  let golden = try GoldenFile("regularization.json")
  let rule = WeightAverage(decay: 0.7)
  // The first weights leave no trace.
  var average = [Float](repeating: .greatestFiniteMagnitude, count: 11)
  for step in 0..<6 {
    let weights = try golden.tensor("average/\(step)/weights").values
    moveAverage(&average, toward: weights, share: rule.share(iteration: step), count: 11)
    for (own, expected) in zip(average, try golden.tensor("average/\(step)/average").values) {
      #expect(abs(own - expected) <= 1e-6, "step \(step)")
    }
    if step == 0 { #expect(average == weights) }
  }
}

@Test func theDecayBeginsWithAPlainMean() {
  let rule = WeightAverage(decay: 0.75)
  #expect((0..<6).map { rule.share(iteration: $0) } == [1, 0.5, Float(1 - 2.0 / 3), 0.25, 0.25, 0.25])
}

/// Whole vectors and the rest behind them agree.
@Test(arguments: [Float(0.001), 0.25, 0.5, 0.9, 1]) func movesDoNotDependOnTheirNeighbors(share: Float) {
  let weights = (0..<37).map { Float($0) * 0.37 - 4 }
  let start = (0..<37).map { Float(37 - $0) * 0.21 }
  var whole = start
  moveAverage(&whole, toward: weights, share: share, count: 37)
  for index in 0..<37 {
    var one = [start[index]]
    moveAverage(&one, toward: [weights[index]], share: share, count: 1)
    #expect(one[0] == whole[index])
    #expect(abs(Double(one[0]) - Double(start[index]) - Double(share) * Double(weights[index] - start[index])) < 1e-5)
  }
}
