/// The negative numbers among the program's arguments. The parser takes one that stands behind an option for another
/// option, and says that the value is missing.
enum NegativeNumbers {
  /// Returns the arguments with each negative number joined to the long option before it: `--batch=-3` for
  /// `--batch -3`.
  static func joined(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for (index, word) in arguments.enumerated() {
      let before = index > 0 ? arguments[index - 1] : ""
      if before.hasPrefix("--"), before.count > 2, !before.contains("="), isNegativeNumber(word) {
        joined[joined.count - 1] += "=\(word)"
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  private static func isNegativeNumber(_ word: String) -> Bool {
    guard word.hasPrefix("-"), let first = word.dropFirst().first else { return false }
    return (first.isNumber || first == ".") && Double(word) != nil
  }
}
