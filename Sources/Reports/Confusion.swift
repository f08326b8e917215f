/// The number of images of each class for each guess.
public struct Confusion: Equatable, Sendable {
  public internal(set) var classNames: [String]
  /// (classes, guesses): the number of a class's images whose first guess is the other class.
  var counts: [Int]

  /// - Parameter counts: (classes, guesses), the number of a class's images whose first guess is the other class.
  public init(classNames: [String], counts: [Int]) {
    precondition(
      counts.count == classNames.count * classNames.count,
      "\(counts.count) numbers for \(classNames.count) classes")
    self.classNames = classNames
    self.counts = counts
  }

  /// A class that is taken for another one.
  struct Pair: Equatable {
    var truth: Int
    var guess: Int
    /// The number of images of the one that are taken for the other.
    var count: Int
  }

  var classCount: Int { classNames.count }

  func count(_ truth: Int, _ guess: Int) -> Int { counts[truth * classCount + guess] }

  /// The number of images of each class.
  var images: [Int] {
    (0..<classCount).map { counts[$0 * classCount..<($0 + 1) * classCount].reduce(0, +) }
  }

  /// Returns the pairs with the most images; of two with as many, the one of the smaller class first.
  func worst(_ limit: Int) -> [Pair] {
    var pairs: [Pair] = []
    for truth in 0..<classCount {
      for guess in 0..<classCount where guess != truth && count(truth, guess) > 0 {
        pairs.append(Pair(truth: truth, guess: guess, count: count(truth, guess)))
      }
    }
    return Array(
      pairs.sorted { (-$0.count, $0.truth, $0.guess) < (-$1.count, $1.truth, $1.guess) }.prefix(limit))
  }
}
