extension Int {
  /// Returns the number with its noun, as a sentence has them: "1 rank", "2 ranks", "0 leaves".
  ///
  /// - Parameters:
  ///   - noun: the singular, such as "rank", "class" or "weight layer".
  ///   - plural: the plural, where it is irregular, such as "leaves"; nil for the noun with -s, or -es after a hissing
  ///     sound (not where "ch" is a k, as in "epoch").
  ///   - grouped: whether the digits are in groups of three.
  package func counted(_ noun: String, _ plural: String? = nil, grouped: Bool = false) -> String {
    "\(grouped ? self.grouped : "\(self)") \(self == 1 ? noun : plural ?? pluralized(noun))"
  }

  /// Returns the verb for this number of things: "1 class has", "2 classes have".
  package func verb(_ singular: String, _ plural: String) -> String { self == 1 ? singular : plural }
}

private func pluralized(_ noun: String) -> String {
  !noun.hasSuffix("epoch") && ["s", "x", "z", "ch", "sh"].contains { noun.hasSuffix($0) } ? "\(noun)es" : "\(noun)s"
}
