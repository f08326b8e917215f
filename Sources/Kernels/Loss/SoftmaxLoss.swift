import System

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

/// The classes of a mini-batch's rows, and how much each row counts.
public struct LossTarget {
  /// The class of each row.
  public let labels: UnsafePointer<Int32>
  /// The weight of each row, above 0; nil where all count alike.
  public let weights: UnsafePointer<Double>?

  public init(labels: UnsafePointer<Int32>, weights: UnsafePointer<Double>? = nil) {
    self.labels = labels
    self.weights = weights
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
  softmaxLoss(scores, LossTarget(labels: labels), rows: rows, classes: classes, dScores: dScores)
}

/// Computes the softmax loss of rows that count differently: the mean is Σ w·loss / Σ w over the mini-batch's rows, as
/// PyTorch's `cross_entropy` with `weight=` computes it.
///
/// dScores = w (p − 1[label]) / Σ w, and the sum of losses is `rows` times the mean.
public func softmaxLoss(
  _ scores: UnsafePointer<Float>, _ target: LossTarget, rows: Int, classes: Int, dScores: UnsafeMutablePointer<Float>
) -> LossResult {
  var result = LossResult(lossSum: 0, errors: 0)
  let total = target.weights.map { weights in (0..<rows).reduce(0) { $0 + weights[$1] } } ?? Double(rows)
  for row in 0..<rows {
    let s = scores + row * classes
    let d = dScores + row * classes
    let label = Int(target.labels[row])
    precondition(label >= 0 && label < classes, "label \(label) of row \(row) is not in 0 ..< \(classes)")
    // Differences in Double are exact; in Float they would move a probability of 1e-16 by 4e-6 of it.
    let largest = largestScore(s, classes)
    var sum = 0.0
    for k in 0..<classes { sum += ElementaryFunctions.exp(Double(s[k]) - largest) }
    let weight = target.weights?[row]
    for k in 0..<classes {
      let probability = ElementaryFunctions.exp(Double(s[k]) - largest) / sum
      let gradient = probability - (k == label ? 1 : 0)
      d[k] = Float((weight.map { $0 * gradient } ?? gradient) / total)
    }
    let loss = ElementaryFunctions.log(sum) - (Double(s[label]) - largest)
    result.lossSum += weight.map { $0 * loss } ?? loss
    if rank(of: label, in: s, classes: classes) > 0 { result.errors += 1 }
  }
  if target.weights != nil { result.lossSum *= Double(rows) / total }
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
  for k in 0..<classes { sum += ElementaryFunctions.exp(Double(scores[k]) - largest) }
  for k in 0..<classes { sums[k] += weight * (ElementaryFunctions.exp(Double(scores[k]) - largest) / sum) }
}

func largestScore(_ scores: UnsafePointer<Float>, _ classes: Int) -> Double {
  Double((0..<classes).reduce(-Float.infinity) { max($0, scores[$1]) })
}
