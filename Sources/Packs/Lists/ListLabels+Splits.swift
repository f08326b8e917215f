import Images
import System

extension ListLabels {
  /// Refuses classes of other splits that no picture to train on has, as folders of such classes are refused: a network
  /// is wrong on all of them, and only looks worse than it is.
  ///
  /// - Parameters:
  ///   - lists: The list to train on, and those of other splits.
  ///   - words: The labels of each list; the same label is the same word in all of them.
  ///   - areDeclared: Whether a person names all classes, of which training may lack some.
  static func refuseStrangers(
    _ lists: [ListFile], _ words: [[String]], areDeclared: Bool
  ) throws(DataError) {
    guard let training = lists.first, let known = words.first.map(Set.init) else { return }
    for (list, words) in zip(lists, words).dropFirst() {
      let strangers = words.indices.filter { !known.contains(words[$0]) }
      guard let first = strangers.first, !areDeclared || strangers.count == words.count else { continue }
      let example = "\(words[first].debugDescription) in \(list.first(labeled: first)?.place ?? "")"
      let more = (strangers.count - 1).counted("more class", grouped: true)
      let found =
        strangers.count == words.count
        ? "none of them, but \(example)\(strangers.count > 1 ? " and \(more)" : "")"
        : "\(example)\(strangers.count > 1 ? " and \(more)" : "") that \(strangers.count.verb("is", "are")) not there"
      throw DataError(
        .invalid, path: list.path, expected: "only classes of \(training.path)", found: found,
        advice: hint(words, words[first], known, training.path)
          ?? (strangers.count == words.count
            ? "Both need the same classes."
            : "Leave such classes out, or add pictures of them to train on."
              + (areDeclared ? "" : " Where all classes are named with --class-names, training may lack some.")))
    }
  }

  /// Returns a sentence on what is probably wrong with the labels of a split, as far as they show it.
  private static func hint(
    _ words: [String], _ stranger: String, _ known: Set<String>, _ training: String
  ) -> String? {
    let (areNumbers, isNumber) = (known.allSatisfy(isWholeDecimal), isWholeDecimal(stranger))
    guard areNumbers == isNumber else {
      return
        "The labels of \(training) are \(areNumbers ? "numbers" : "names"), and this is a "
        + "\(isNumber ? "number" : "name"): write those of both in the same way."
    }
    guard isNumber else {
      return nearMiss(stranger, among: known.sorted(by: precedes)).map { "Is \($0.debugDescription) meant?" }
    }
    let numbers = words.compactMap { Int($0) }
    let others = known.compactMap { Int($0) }
    guard numbers.count == words.count, let origin = numbers.min(), let largest = numbers.max(),
      let other = others.min(), let otherLargest = others.max()
    else { return nil }
    // A class that training lacks shifts nothing: both ends are moved.
    guard abs(origin - other) == 1, largest - origin == otherLargest - other,
      numbers.allSatisfy({ known.contains("\($0 - origin + other)") })
    else { return nil }
    return "Its labels seem to count from \(origin), and those of \(training) from \(other): write both alike."
  }
}
