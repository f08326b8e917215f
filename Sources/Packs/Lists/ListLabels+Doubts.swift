import Images
import System

/// Labels that are probably none, or several: a network would learn them as classes without complaint.
extension ListLabels {
  /// Returns whether a label is what programs write for a value that is missing: pandas, Python, databases,
  /// spreadsheets.
  static func isMissing(_ word: String) -> Bool {
    let word = word.trimmed
    return ["", "nan", "null", "<na>", "#n/a", "#null!", "undefined"].contains(word.lowercased())
      || ["None", "NaT", "''"].contains(word)
  }

  /// Returns whether a label may stand for a missing value, or be the name of a class.
  static func isDoubtful(_ word: String) -> Bool {
    ["none", "na", "n/a", "n.a.", "nil", "?", "-", "--", "."].contains(word.lowercased())
  }

  /// Refuses labels that stand for a missing value, unless they are among the classes that a person names.
  static func refuseMissing(
    _ lists: [ListFile], _ words: [[String]], declared: [String]
  ) throws(DataError) {
    for (list, words) in zip(lists, words) where !list.hasClassColumns {
      guard let place = words.firstIndex(where: { isMissing($0) && !declared.contains($0) }) else { continue }
      let first = list.first(labeled: place)
      let more = list.entries.labels.count { $0 == Int32(place) } - 1
      throw DataError(
        .invalid, path: list.path, expected: "a class for each picture",
        found: "\(words[place].debugDescription) for \(first?.name ?? "") in \(first?.place ?? "")"
          + (more > 0 ? " and for \(more.counted("more picture", grouped: true))" : "")
          + ", which programs write for a value that is missing",
        advice: "Leave out the pictures without a class; or, if it is a class, name all classes in a file with "
          + "--class-names.")
    }
  }

  /// Returns a sentence on a label that may stand for a missing value, as a class may be called.
  static func doubtful(_ lists: [ListFile], _ words: [[String]]) -> String? {
    for (list, words) in zip(lists, words) {
      guard let place = words.firstIndex(where: isDoubtful) else { continue }
      let count = list.entries.labels.count { $0 == Int32(place) }
      return
        "\(list.path): \(words[place].debugDescription) in \(list.first(labeled: place)?.place ?? "") is taken for a "
        + "class of \(count.counted("picture", grouped: true)): leave them out if it stands for a value that is missing"
    }
    return nil
  }

  /// Returns a sentence on labels that are several others in one cell, such as "cat|dog" beside "cat" and "dog".
  static func joined(_ lists: [ListFile], _ words: [[String]]) -> String? {
    let known = Set(words.joined())
    for (list, words) in zip(lists, words) {
      let several = words.indices.filter { parts(words[$0], known) != nil }
      guard let place = several.first, let parts = parts(words[place], known) else { continue }
      let more = several.count - 1
      return
        "\(list.path): \(words[place].debugDescription) in \(list.first(labeled: place)?.place ?? "") is taken for a "
        + "class of its own, beside \(parts.map(\.debugDescription).joined(separator: " and "))"
        + (more > 0
          ? "; so \(more.verb("is", "are")) \(more.counted("more label", grouped: true)) of several words" : "")
        + ": a picture has one class; if they are several, choose one, or leave the picture out"
    }
    return nil
  }

  /// Returns the labels that a label consists of, of those that are known; nil if it is one name.
  private static func parts(_ word: String, _ known: Set<String>) -> [String]? {
    for separator: Character in ["|", ";", ",", "/", "+", "&", " "] {
      if let found = parts(word, separator, known, isSure: separator == "|" || separator == ";") { return found }
    }
    return nil
  }

  /// - Parameter isSure: Whether the separator is seldom a part of names, so that one label is enough that is known.
  private static func parts(
    _ word: String, _ separator: Character, _ known: Set<String>, isSure: Bool
  ) -> [String]? {
    guard word.contains(separator) else { return nil }
    let parts = word.split(separator: separator).map(bare).filter { !$0.isEmpty }
    let alone = parts.filter { known.contains($0) && $0 != word }
    guard parts.count > 1, isSure ? !alone.isEmpty : alone.count == parts.count else { return nil }
    return alone.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Returns a word without the blanks, brackets and quotation marks around it, which lists have that were printed.
  private static func bare(_ part: Substring) -> String {
    func isAround(_ letter: Character) -> Bool { " []()'\"".contains(letter) }
    var part = part.drop(while: isAround)
    while let last = part.last, isAround(last) { part.removeLast() }
    return String(part)
  }

  /// Returns a sentence on a label that is no whole number where most are, such as a name: it is a class of its own,
  /// and the others are names.
  static func mixture(_ lists: [ListFile], _ words: [[String]]) -> String? {
    func isNumber(_ word: String) -> Bool { Double(word).map(\.isFinite) ?? false }
    guard words.joined().count(where: isNumber) * 2 > words.joined().count else { return nil }
    for (list, words) in zip(lists, words) {
      guard let place = words.firstIndex(where: { !isWholeDecimal($0) }) else { continue }
      let first = list.first(labeled: place)
      return
        "\(list.path): most labels are numbers, and \(words[place].debugDescription) in \(first?.place ?? "") is not a "
        + "whole one: all are taken for names of classes"
    }
    return nil
  }
}
