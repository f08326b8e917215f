import Randomness

/// A choice of images to put aside by which each class gives its share, and never its last image.
///
/// The choice is a fixed one, the same for every run's seed, and both parts keep the images' order.
public struct StratifiedSplit: Equatable, Sendable {
  /// The images to train on, ascending.
  public let kept: [Int]
  /// The images that are put aside, ascending.
  public let held: [Int]

  /// The greatest number of images that can be put aside: all but one of each class.
  public static func limit(labels: [Int32]) -> Int { labels.count - Set(labels).count }

  /// Puts `count` images aside, of each class in proportion to its number: its share is rounded down, and the classes
  /// with the greatest remainders give one more.
  public init(labels: [Int32], count: Int) {
    precondition(
      0 <= count && count <= Self.limit(labels: labels),
      "\(count) images of \(labels.count) put aside, of which one of each class has to stay")
    let classes = Self.shuffledClasses(labels)
    var quotas = classes.map { min($0.count * count / labels.count, $0.count - 1) }
    // The place decides between equal remainders.
    let order = classes.indices.sorted { a, b in
      let (x, y) = (classes[a].count * count % labels.count, classes[b].count * count % labels.count)
      return x == y ? a < b : x > y
    }
    var left = count - quotas.reduce(0, +)
    while left > 0 {
      for place in order where left > 0 && quotas[place] < classes[place].count - 1 {
        quotas[place] += 1
        left -= 1
      }
    }
    self.init(count: labels.count, held: zip(classes, quotas).flatMap { $0.prefix($1) })
  }

  /// Puts the images of one of several folds aside. The folds are disjoint, and hold every image of each class that has
  /// more than one.
  /// - Parameter fold: The number of the fold, from 1.
  public init(labels: [Int32], fold: Int, of folds: Int) {
    precondition(folds > 1 && (1...folds).contains(fold), "fold \(fold) of \(folds)")
    var held: [Int] = []
    // The classes go on where the one before ended, so that folds have nearly the same number of images.
    var next = 0
    for images in Self.shuffledClasses(labels) where images.count > 1 {
      for image in images {
        if next % folds == fold - 1 { held.append(image) }
        next += 1
      }
    }
    self.init(count: labels.count, held: held)
  }

  private init(count: Int, held: [Int]) {
    self.held = held.sorted()
    let isHeld = Set(held)
    kept = (0..<count).filter { !isHeld.contains($0) }
  }

  /// Returns the images of each class in a fixed random order.
  private static func shuffledClasses(_ labels: [Int32]) -> [[Int]] {
    var stream = RandomStream(seed: 0, purpose: .validationSplit, owner: 0)
    var classes: [Int32: [Int]] = [:]
    for image in stream.permutation(labels.count) { classes[labels[Int(image)], default: []].append(Int(image)) }
    return classes.keys.sorted().map { classes[$0]! }
  }
}
