import System

/// The errors by class of two evaluations, side by side (paper, Fig. 7).
public struct ClassComparison: Equatable, Sendable {
  public struct Pair: Equatable, Sendable {
    public let classIndex: Int
    public let name: String
    public let first: ClassErrors
    public let second: ClassErrors
  }

  /// Which errors are compared.
  public enum Measure: String, CaseIterable, Sendable {
    case top1 = "top-1"
    case top5 = "top-5"

    /// Top-5 as in the paper where it says something, that is with many classes.
    public static func usual(classes: Int) -> Measure { classes >= 100 ? .top5 : .top1 }
  }

  public let measure: Measure
  /// The classes that both evaluations have images of, by how much less the second errs, the most improved first.
  public let pairs: [Pair]
  /// Classes that one evaluation alone has.
  public let onlyFirst: [ClassErrors]
  public let onlySecond: [ClassErrors]
  /// Classes that both have, one of them without any image: an error of 0 % says nothing there.
  public let withoutImages: [Pair]

  /// - Parameter measure: nil: what is usual for so many classes.
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

  /// How much less the second errs, in points of per cent.
  public func reduction(_ pair: Pair) -> Double { Self.reduction(pair, measure) }

  /// In per cent.
  public func errors(_ pair: Pair) -> (first: Double, second: Double) {
    (Self.error(pair.first, measure), Self.error(pair.second, measure))
  }

  private static func error(_ errors: ClassErrors, _ measure: Measure) -> Double {
    measure == .top5 ? errors.top5Error : errors.top1Error
  }

  private static func reduction(_ pair: Pair, _ measure: Measure) -> Double {
    error(pair.first, measure) - error(pair.second, measure)
  }

  /// Of all compared classes.
  public var images: (first: Int, second: Int) {
    (pairs.reduce(0) { $0 + $1.first.images }, pairs.reduce(0) { $0 + $1.second.images })
  }
  /// Compared classes of which the second evaluation has more images than the first, or fewer.
  public var otherCounts: Int { pairs.count { $0.first.images != $0.second.images } }

  public var better: Int { pairs.count { reduction($0) > 0 } }
  public var worse: Int { pairs.count { reduction($0) < 0 } }
  public var unchanged: Int { pairs.count - better - worse }
}
