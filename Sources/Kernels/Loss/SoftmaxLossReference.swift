import Glibc

/// Softmax and its cross-entropy loss of one row straight from their definition, in Double: `softmaxLoss` is held
/// against it.
public struct SoftmaxLossReference: Sendable {
  /// The loss −log p(label).
  public let loss: Double
  /// The probability p = eˢ / Σeˢ of each class.
  public let probabilities: [Double]
  /// The gradient of the row's loss with respect to its scores, p − 1[label].
  public let gradient: [Double]

  /// The scores are shifted by the largest one, which changes only the range of the exponents.
  public init(_ scores: [Double], label: Int) {
    let largest = scores.max() ?? 0
    let sum = scores.reduce(0) { $0 + exp($1 - largest) }
    loss = log(sum) - (scores[label] - largest)
    let probabilities = scores.map { exp($0 - largest) / sum }
    self.probabilities = probabilities
    gradient = probabilities.indices.map { probabilities[$0] - ($0 == label ? 1 : 0) }
  }
}
