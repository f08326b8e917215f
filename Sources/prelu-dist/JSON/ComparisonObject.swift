import Reports

/// The object that `compare --json` prints.
struct ComparisonObject: Encodable {
  struct Class: Encodable {
    let index: Int
    let name: String
    /// The errors in percent.
    let first: Double
    let second: Double
    let reduction: Double

    private enum CodingKeys: String, CodingKey {
      case name, first, second, reduction
      case index = "class"
    }
  }

  let measure: String
  let better: Int
  let unchanged: Int
  let worse: Int
  let onlyFirst: Int
  let onlySecond: Int
  let withoutImages: Int
  let otherCounts: Int
  let firstImages: Int
  let secondImages: Int
  let classes: [Class]

  private enum CodingKeys: String, CodingKey {
    case measure, better, unchanged, worse, classes
    case onlyFirst = "only_first"
    case onlySecond = "only_second"
    case withoutImages = "without_images"
    case otherCounts = "other_counts"
    case firstImages = "first_images"
    case secondImages = "second_images"
  }

  init(_ comparison: ClassComparison) {
    measure = comparison.measure.rawValue
    (better, unchanged, worse) = (comparison.better, comparison.unchanged, comparison.worse)
    (onlyFirst, onlySecond) = (comparison.onlyFirst.count, comparison.onlySecond.count)
    (withoutImages, otherCounts) = (comparison.withoutImages.count, comparison.otherCounts)
    (firstImages, secondImages) = (comparison.images.first, comparison.images.second)
    classes = comparison.pairs.map { pair in
      let errors = comparison.errors(pair)
      return Class(
        index: pair.classIndex, name: pair.name, first: errors.first, second: errors.second,
        reduction: comparison.reduction(pair))
    }
  }
}
