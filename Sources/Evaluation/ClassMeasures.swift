/// How well each class is found, and how much a guess of it can be trusted, from whole numbers of images.
///
/// The definitions are those of scikit-learn's `precision_recall_fscore_support` and `balanced_accuracy_score`, with 0
/// for a quotient of which the divisor is 0. Means are taken over the classes that have an image or a guess.
public struct ClassMeasures: Equatable, Sendable {
  /// The measures of a class, or their means.
  public struct Values: Equatable, Sendable {
    /// The share of right ones among the guesses of the class.
    public var precision: Double
    /// The share of the class's images that are guessed as it.
    public var recall: Double
    /// The harmonic mean of both.
    public var f1: Double
  }

  /// The measures of each class.
  public let classes: [Values]
  /// The means over the classes.
  public let macro: Values
  /// The means over the classes, each weighted by the number of its images.
  public let weighted: Values
  /// The mean recall of the classes that have images.
  public let balancedAccuracy: Double

  /// - Parameters:
  ///   - images: The number of images of each class.
  ///   - guesses: The number of images whose first guess is the class.
  ///   - right: The number of the class's images whose first guess is the class.
  public init(images: [Int], guesses: [Int], right: [Int]) {
    precondition(
      images.count == guesses.count && images.count == right.count,
      "images of \(images.count) classes, guesses of \(guesses.count), right ones of \(right.count)")
    func quotient(_ a: Int, _ b: Int) -> Double { b == 0 ? 0 : Double(a) / Double(b) }
    let values = images.indices.map { index in
      Values(
        precision: quotient(right[index], guesses[index]), recall: quotient(right[index], images[index]),
        f1: quotient(2 * right[index], images[index] + guesses[index]))
    }
    func mean(_ weights: [Int]) -> Values {
      let sum = Double(weights.reduce(0, +))
      func average(_ value: KeyPath<Values, Double>) -> Double {
        sum == 0 ? 0 : zip(values, weights).reduce(0) { $0 + $1.0[keyPath: value] * Double($1.1) } / sum
      }
      return Values(precision: average(\.precision), recall: average(\.recall), f1: average(\.f1))
    }
    classes = values
    macro = mean(images.indices.map { images[$0] + guesses[$0] > 0 ? 1 : 0 })
    weighted = mean(images)
    balancedAccuracy = mean(images.map { $0 > 0 ? 1 : 0 }).recall
  }
}
