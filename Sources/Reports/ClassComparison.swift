import System

/// A comparison of two evaluations' errors by class (paper, Fig. 7).
public struct ClassComparison: Equatable, Sendable {
  /// The errors of one class in both evaluations.
  public struct Pair: Equatable, Sendable {
    public let classIndex: Int
    public let name: String
    public let first: ClassErrors
    public let second: ClassErrors
  }

  /// The errors that are compared.
  public enum Measure: String, CaseIterable, Sendable {
    case top1 = "top-1"
    case top5 = "top-5"

    /// Returns top-5, as in the paper, where there are enough classes for it to tell anything; else top-1.
    public static func usual(classes: Int) -> Measure { classes >= 100 ? .top5 : .top1 }
  }

  public let measure: Measure
  /// The classes that both evaluations have images of, the most improved in the second one first.
  public let pairs: [Pair]
  /// The classes that only the first evaluation has.
  public let onlyFirst: [ClassErrors]
  /// The classes that only the second evaluation has.
  public let onlySecond: [ClassErrors]
  /// The classes that both have, but one of them without any image: an error of 0 % tells nothing there.
  public let withoutImages: [Pair]

  /// Compares two evaluations.
  ///
  /// - Parameters:
  ///   - measure: the errors to compare; nil for those that are usual with this number of classes.
  ///   - firstPath: the name of the first evaluation in messages.
  ///   - path: the name of the second one.
  /// - Throws: where a class has another name in the second, or there is no class that both have images of.
  public init(
    _ first: [ClassErrors], _ second: [ClassErrors], measure: Measure? = nil, firstPath: String, path: String
  ) throws(FileError) {
    let measure = measure ?? .usual(classes: first.count)
    let others = Dictionary(second.map { ($0.classIndex, $0) }, uniquingKeysWith: { first, _ in first })
    var (pairs, empty): ([Pair], [Pair]) = ([], [])
    for one in first {
      guard let other = others[one.classIndex] else { continue }
      guard one.name == other.name else {
        throw FileError(
          .mismatch, path: path,
          problem: "class \(one.classIndex) is \(other.name), but \(one.name) in \(firstPath)",
          advice: "Compare evaluations of the same classes")
      }
      let pair = Pair(classIndex: one.classIndex, name: one.name, first: one, second: other)
      if one.images > 0 && other.images > 0 { pairs.append(pair) } else { empty.append(pair) }
    }
    guard !pairs.isEmpty else {
      throw FileError(
        .mismatch, path: path,
        problem: "it has no class in common with \(firstPath)" + (empty.isEmpty ? "" : " that both have images of"),
        advice: "Compare evaluations of the same classes")
    }
    let own = Set(first.map(\.classIndex))
    onlyFirst = first.filter { others[$0.classIndex] == nil }
    onlySecond = second.filter { !own.contains($0.classIndex) }
    withoutImages = empty
    self.measure = measure
    self.pairs = pairs.sorted {
      (-Self.reduction($0, measure), $0.classIndex) < (-Self.reduction($1, measure), $1.classIndex)
    }
  }

  /// Returns the reduction of a class's error in the second evaluation, in percentage points.
  public func reduction(_ pair: Pair) -> Double { Self.reduction(pair, measure) }

  /// Returns the errors of a class in percent.
  public func errors(_ pair: Pair) -> (first: Double, second: Double) {
    (Self.error(pair.first, measure), Self.error(pair.second, measure))
  }

  private static func error(_ errors: ClassErrors, _ measure: Measure) -> Double {
    measure == .top5 ? errors.top5Error : errors.top1Error
  }

  private static func reduction(_ pair: Pair, _ measure: Measure) -> Double {
    error(pair.first, measure) - error(pair.second, measure)
  }

  /// The numbers of images of all compared classes.
  public var images: (first: Int, second: Int) {
    (pairs.reduce(0) { $0 + $1.first.images }, pairs.reduce(0) { $0 + $1.second.images })
  }
  /// The number of compared classes of which the two evaluations have different numbers of images.
  public var otherCounts: Int { pairs.count { $0.first.images != $0.second.images } }

  /// The number of classes whose error is lower in the second evaluation.
  public var better: Int { pairs.count { reduction($0) > 0 } }
  /// The number of classes whose error is higher in the second evaluation.
  public var worse: Int { pairs.count { reduction($0) < 0 } }
  /// The number of classes with the same error in both.
  public var unchanged: Int { pairs.count - better - worse }
}
