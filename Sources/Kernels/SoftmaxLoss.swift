#if canImport(Glibc)
  import Glibc
#endif

/// What the softmax loss says of one mini-batch.
public struct LossResult: Equatable, Sendable {
  /// Σ −log p(label) over the rows, in Double.
  public var lossSum: Double
  /// Rows whose label has not the largest score.
  public var errors: Int

  public init(lossSum: Double, errors: Int) {
    self.lossSum = lossSum
    self.errors = errors
  }
}

/// Softmax and its cross-entropy loss, row by row, with the gradient of the *mean* loss with respect to the scores.
///
/// `scores` and `dScores` are `rows`×`classes`; dScores = (p − 1[label]) / rows.
public func softmaxLoss(
  _ scores: UnsafePointer<Float>, labels: UnsafePointer<Int32>, rows: Int, classes: Int,
  dScores: UnsafeMutablePointer<Float>
) -> LossResult {
  var result = LossResult(lossSum: 0, errors: 0)
  for row in 0..<rows {
    let s = scores + row * classes
    let d = dScores + row * classes
    let label = Int(labels[row])
    let largest = (0..<classes).reduce(-Float.infinity) { max($0, s[$1]) }
    var sum = 0.0
    for k in 0..<classes { sum += exp(Double(s[k]) - Double(largest)) }
    for k in 0..<classes {
      let probability = exp(Double(s[k]) - Double(largest)) / sum
      d[k] = Float((probability - (k == label ? 1 : 0)) / Double(rows))
    }
    result.lossSum += log(sum) - (Double(s[label]) - Double(largest))
    if rank(of: label, in: s, classes: classes) > 0 { result.errors += 1 }
  }
  return result
}

/// How many classes score higher than `label`, an equal score of an earlier class counting as higher. A label whose
/// score is not a number comes last.
public func rank(of label: Int, in scores: UnsafePointer<Float>, classes: Int) -> Int {
  let own = scores[label]
  guard !own.isNaN else { return classes }
  var higher = 0
  for k in 0..<classes where scores[k] > own || (scores[k] == own && k < label) { higher += 1 }
  return higher
}

/// Softmax of one row of `classes` scores.
public func softmax(_ scores: UnsafePointer<Float>, classes: Int) -> [Double] {
  let largest = (0..<classes).reduce(-Float.infinity) { max($0, scores[$1]) }
  let exponentials = (0..<classes).map { exp(Double(scores[$0]) - Double(largest)) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { $0 / sum }
}
