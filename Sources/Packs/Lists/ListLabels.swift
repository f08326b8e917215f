import Images
import System

/// The classes that the labels of lists stand for.
struct ListLabels {
  /// The class of each word of each list.
  private(set) var labels: [[Int32]] = []
  private(set) var names: [String] = []
  /// A sentence on what the labels were taken for; nil where nothing needs to be said.
  private(set) var note: String?
  /// Sentences on labels that are probably a mistake.
  private(set) var warnings: [String] = []
  /// Whether the labels are places from 0 on, so that there is a class for each number below the greatest one.
  private(set) var arePlaces = false

  /// - Parameters:
  ///   - lists: The list of pictures to train on, and those of other splits.
  ///   - names: The names of the classes, if they are known; numbers are then indices into them, and words must be
  ///     among them.
  init(_ lists: [ListFile], names given: [String]?) throws(DataError) {
    var words = lists.map(\.words)
    if words.joined().allSatisfy(Self.isWholeDecimal), words.joined().contains(where: { $0.contains(".") }) {
      words = words.map { $0.map { String($0.prefix { $0 != "." }) } }
    }
    try Self.refuseMissing(lists, words, declared: given ?? [])
    try Self.refuseNegative(lists, words)
    guard words.joined().allSatisfy(ClassOrder.isNumber) else {
      names = given ?? Set(words.joined()).sorted(by: precedes)
      labels = try Self.found(lists, words, "the name of a class", "Labels are all numbers, or all names.", names)
      try Self.refuseStrangers(lists, words, areDeclared: given != nil)
      if given == nil {
        warnings = [Self.mixture(lists, words) ?? Self.doubtful(lists, words), Self.joined(lists, words)].compactMap {
          $0
        }
      }
      return
    }
    try Self.refuseTwoSpellings(lists, words)
    let digits = words.map { $0.map(ClassOrder.digits) }
    let numbers = ClassOrder.sorted(Array(Set(digits.joined())))
    let greatest = Int(numbers.last ?? "0") ?? .max
    if let given {
      (names, arePlaces) = (given, true)
    } else if greatest < Self.sparseness * numbers.count {
      names = (0...greatest).map { "\($0)" }
      arePlaces = true
    } else {
      // As indices, such numbers would mean classes that nothing is known of, and a score for each of them.
      names = numbers
      note =
        "the labels are taken for identifiers of \(numbers.count.counted("class", grouped: true)), from \(numbers[0]) "
        + "to \(numbers[numbers.count - 1]), in the order of their numbers"
    }
    let index = given == nil ? names : (0..<names.count).map { "\($0)" }
    labels = try Self.found(lists, digits, "labels from 0 to \(names.count - 1)", "", index)
    try Self.refuseStrangers(lists, digits, areDeclared: given != nil)
  }

  /// The multiple of the number of labels that a label must reach to be taken for an identifier instead of an index.
  private static let sparseness = 10

  /// Returns the place of each word in `known`.
  private static func found(
    _ lists: [ListFile], _ words: [[String]], _ expected: String, _ advice: String, _ known: [String]
  ) throws(DataError) -> [[Int32]] {
    let index = Dictionary(known.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var labels: [[Int32]] = []
    for (list, words) in zip(lists, words) {
      var own: [Int32] = []
      for (place, word) in words.enumerated() {
        guard let label = index[word] else {
          throw DataError(
            .invalid, path: list.path, expected: expected,
            found: "\(list.words[place]) for \(list.first(labeled: place)?.name ?? "")", advice: advice)
        }
        own.append(label)
      }
      labels.append(own)
    }
    return labels
  }

  /// Returns whether a word is a whole number, perhaps with zeros after a point, as spreadsheets write them.
  static func isWholeDecimal(_ word: String) -> Bool {
    let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    return ClassOrder.isNumber(String(parts[0])) && (parts.count == 1 || parts[1].allSatisfy { $0 == "0" })
  }

  /// Refuses numbers below zero among numbers: they may be a class, or stand for none.
  private static func refuseNegative(_ lists: [ListFile], _ words: [[String]]) throws(DataError) {
    func isNegative(_ word: String) -> Bool { word.hasPrefix("-") && ClassOrder.isNumber(String(word.dropFirst())) }
    guard words.joined().allSatisfy({ ClassOrder.isNumber($0) || isNegative($0) }) else { return }
    for (list, words) in zip(lists, words) {
      guard let place = words.firstIndex(where: isNegative) else { continue }
      let first = list.first(labeled: place)
      throw DataError(
        .invalid, path: list.path, expected: "labels from 0 on, or names of classes",
        found:
          "\(words[place]) for \(first?.name ?? "") in \(first?.place ?? ""), which may be a class, or stand for "
          + "none",
        advice: "Remove the lines of pictures without a class, or write names instead of numbers.")
    }
  }

  /// Refuses two labels that are the same number: they may be two identifiers, or one class.
  private static func refuseTwoSpellings(_ lists: [ListFile], _ words: [[String]]) throws(DataError) {
    var spellings: [String: (word: String, place: String, path: String)] = [:]
    for (list, words) in zip(lists, words) {
      for (place, word) in words.enumerated() {
        let first = list.first(labeled: place)
        let number = ClassOrder.digits(word)
        guard let other = spellings[number] else {
          spellings[number] = (word, first?.place ?? "", list.path)
          continue
        }
        guard other.word != word else { continue }
        throw DataError(
          .invalid, path: list.path, expected: "one spelling of each label",
          found:
            "\(other.word) in \(other.place)\(other.path == list.path ? "" : " of \(other.path)") and \(word) in "
            + "\(first?.place ?? ""), which are the same number",
          advice: "Write both alike if they are one class, or names such as id-\(word) if they are two.")
      }
    }
  }
}
