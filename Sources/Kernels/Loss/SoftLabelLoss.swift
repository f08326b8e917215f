import System

/// The settings that make probabilities q of the classes of a mini-batch's rows:
///
///     t = λ·1[label] + (1 − λ)·1[partner]       (mixed images; Zhang et al. 2018, "mixup", Eqn 1)
///     q = (1 − ε)·t + ε/K                       (label smoothing; Szegedy et al. 2016, "Rethinking the Inception
///                                                Architecture", Section 7; Müller et al. 2019)
public struct SoftLabels: Equatable, Sendable {
  /// The second class of each row; empty where no row is mixed.
  public var partners: [Int32]
  /// The share λ of each row's first class, from 0 to 1; empty where no row is mixed.
  public var shares: [Double]
  /// The share ε of the uniform distribution, from 0 to below 1.
  public var smoothing: Double
  /// The weight of each class, above 0; empty where all count alike.
  public var classWeights: [Double]

  public init(
    partners: [Int32] = [], shares: [Double] = [], smoothing: Double = 0, classWeights: [Double] = []
  ) {
    precondition(partners.count == shares.count, "\(partners.count) second classes with \(shares.count) shares")
    self.partners = partners
    self.shares = shares
    self.smoothing = smoothing
    self.classWeights = classWeights
  }

  /// The weight of a class.
  func weight(_ label: Int) -> Double { classWeights.isEmpty ? 1 : classWeights[label] }
}

/// The rows' classes as probabilities.
public struct SoftLossTarget {
  /// The first class of each row.
  public let labels: UnsafePointer<Int32>
  public let soft: SoftLabels

  public init(labels: UnsafePointer<Int32>, soft: SoftLabels) {
    self.labels = labels
    self.soft = soft
  }

  /// Returns a row's two classes, and the share of the first.
  fileprivate func classes(ofRow row: Int) -> (first: Int, second: Int, share: Double) {
    let first = Int(labels[row])
    return soft.partners.isEmpty ? (first, first, 1) : (first, Int(soft.partners[row]), soft.shares[row])
  }
}

/// Computes the cross-entropy of softmax with probabilities q, row by row, with the gradient of the *mean* loss with
/// respect to the scores: a row's loss is −Σ w·q·log p over the classes, and the mean is over Σ w·t of all rows, t
/// being q before the smoothing.
///
/// That is PyTorch's `cross_entropy` with `label_smoothing=` and `weight=` for rows that are not mixed, and its form
/// for probabilities for mixed rows without weights. `scores` and `dScores` are `rows`×`classes`; the sum of losses is
/// `rows` times the mean. A row counts as an error unless the class of the greater share has the largest score.
public func softLabelLoss(
  _ scores: UnsafePointer<Float>, _ target: SoftLossTarget, rows: Int, classes: Int,
  dScores: UnsafeMutablePointer<Float>
) -> LossResult {
  let soft = target.soft
  precondition(
    soft.partners.isEmpty || soft.partners.count == rows, "\(soft.partners.count) second classes for \(rows) rows")
  precondition(
    soft.classWeights.isEmpty || soft.classWeights.count == classes,
    "\(soft.classWeights.count) weights for \(classes) classes")
  var result = LossResult(lossSum: 0, errors: 0)
  let total = (0..<rows).reduce(0.0) { sum, row in
    let (first, second, share) = target.classes(ofRow: row)
    return sum + share * soft.weight(first) + (1 - share) * soft.weight(second)
  }
  let uniform = soft.smoothing / Double(classes)
  for row in 0..<rows {
    let s = scores + row * classes
    let d = dScores + row * classes
    let (first, second, share) = target.classes(ofRow: row)
    for label in [first, second] {
      precondition(label >= 0 && label < classes, "label \(label) of row \(row) is not in 0 ..< \(classes)")
    }
    let largest = largestScore(s, classes)
    var sum = 0.0
    for k in 0..<classes { sum += ElementaryFunctions.exp(Double(s[k]) - largest) }
    let logarithm = ElementaryFunctions.log(sum)
    /// Returns w·q of a class.
    func coefficient(_ k: Int) -> Double {
      let mixed = (k == first ? share : 0) + (k == second ? 1 - share : 0)
      return soft.weight(k) * ((1 - soft.smoothing) * mixed + uniform)
    }
    var weight = 0.0
    var loss = 0.0
    for k in 0..<classes {
      let c = coefficient(k)
      weight += c
      // A class without a share may have a score of −∞.
      if c > 0 { loss += c * (logarithm - (Double(s[k]) - largest)) }
    }
    for k in 0..<classes {
      let probability = ElementaryFunctions.exp(Double(s[k]) - largest) / sum
      d[k] = Float((weight * probability - coefficient(k)) / total)
    }
    result.lossSum += loss
    if rank(of: share >= 0.5 ? first : second, in: s, classes: classes) > 0 { result.errors += 1 }
  }
  result.lossSum *= Double(rows) / total
  return result
}
