import Glibc

/// The softmax loss of one mini-batch, with the number of its errors.
public struct LossResult: Equatable, Sendable {
  /// The sum of −log p(label) over the rows, in Double.
  public var lossSum: Double
  /// The number of rows whose label does not have the largest score.
  public var errors: Int

  public init(lossSum: Double, errors: Int) {
    self.lossSum = lossSum
    self.errors = errors
  }
}

/// Computes softmax and its cross-entropy loss, row by row, with the gradient of the *mean* loss with respect to the
/// scores.
///
/// `scores` and `dScores` are `rows`×`classes`; dScores = (p − 1[label]) / rows. A score that is NaN or infinite shows
/// in the loss.
public func softmaxLoss(
  _ scores: UnsafePointer<Float>, labels: UnsafePointer<Int32>, rows: Int, classes: Int,
  dScores: UnsafeMutablePointer<Float>
) -> LossResult {
  var result = LossResult(lossSum: 0, errors: 0)
  for row in 0..<rows {
    let s = scores + row * classes
    let d = dScores + row * classes
    let label = Int(labels[row])
    precondition(label >= 0 && label < classes, "label \(label) of row \(row) is not in 0 ..< \(classes)")
    // Differences in Double are exact; in Float they would move a probability of 1e-16 by 4e-6 of it.
    let largest = largestScore(s, classes)
    var sum = 0.0
    for k in 0..<classes { sum += exp(Double(s[k]) - largest) }
    for k in 0..<classes {
      let probability = exp(Double(s[k]) - largest) / sum
      d[k] = Float((probability - (k == label ? 1 : 0)) / Double(rows))
    }
    result.lossSum += log(sum) - (Double(s[label]) - largest)
    if rank(of: label, in: s, classes: classes) > 0 { result.errors += 1 }
  }
  return result
}

/// The number of classes that score higher than `label`, an equal score of an earlier class counting as higher. A label
/// whose score is NaN comes last.
@inlinable
public func rank<Score: BinaryFloatingPoint>(of label: Int, in scores: UnsafePointer<Score>, classes: Int) -> Int {
  let own = scores[label]
  guard !own.isNaN else { return classes }
  var higher = 0
  for k in 0..<classes where scores[k] > own || (scores[k] == own && k < label) { higher += 1 }
  return higher
}

/// Adds the softmax of one row of `classes` scores, times `weight`, to `sums`.
public func addSoftmax(
  _ scores: UnsafePointer<Float>, classes: Int, weight: Double, to sums: UnsafeMutablePointer<Double>
) {
  let largest = largestScore(scores, classes)
  var sum = 0.0
  for k in 0..<classes { sum += exp(Double(scores[k]) - largest) }
  for k in 0..<classes { sums[k] += weight * (exp(Double(scores[k]) - largest) / sum) }
}

private func largestScore(_ scores: UnsafePointer<Float>, _ classes: Int) -> Double {
  Double((0..<classes).reduce(-Float.infinity) { max($0, scores[$1]) })
}
