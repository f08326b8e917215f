/// The result of a test, which is the same on all ranks.
public struct EvaluationResult: Equatable, Sendable {
  /// The errors of each class.
  public var classes: [ErrorCounts]
  /// The number of images whose first guess is each class.
  public var guesses: [Int]
  /// The number of images of each class for each first guess: (classes, guesses); empty unless it was asked for.
  public var confusion: [Int]
  /// The likeliest classes of each image, in the order of the images; empty unless they were asked for.
  public var predictions: [Guesses]

  /// The measures of each class, and their means.
  public var measures: ClassMeasures {
    ClassMeasures(images: classes.map(\.images), guesses: guesses, right: classes.map { $0.images - $0.top1 })
  }

  /// The sums over all classes.
  public var total: ErrorCounts {
    classes.reduce(ErrorCounts()) {
      ErrorCounts(images: $0.images + $1.images, top1: $0.top1 + $1.top1, top5: $0.top5 + $1.top5)
    }
  }
}

/// The likeliest classes of one image.
public struct Guesses: Equatable, Sendable {
  /// The image's number in its set.
  public var sample: Int
  public var label: Int
  /// The likeliest classes, at most five, the likeliest first.
  public var classes: [Int]
  /// The averaged scores of `classes`.
  public var scores: [Double]
}

/// Returns the indices of the `count` highest `scores`, the highest first; of equal scores the earlier one comes first.
/// A NaN comes last.
package func highest(_ count: Int, of scores: UnsafeBufferPointer<Double>) -> [Int] {
  var best: [Int] = []
  for index in scores.indices {
    func isHigher(than other: Int) -> Bool {
      scores[index] > scores[other] || scores[other].isNaN && !scores[index].isNaN
    }
    guard best.count < count || isHigher(than: best[best.count - 1]) else { continue }
    let place = best.firstIndex { isHigher(than: $0) } ?? best.count
    best.insert(index, at: place)
    if best.count > count { best.removeLast() }
  }
  return best
}
