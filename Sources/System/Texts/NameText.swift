/// Names and texts from files that others have made, as they stand in messages and tables.
extension StringProtocol {
  /// Returns the text in quotes on one line. What breaks a line, moves a terminal's cursor or turns the direction of
  /// letters is escaped as Swift and JSON do, and so are quotation marks and backslashes.
  ///
  /// - Parameter limit: the Unicode scalars that are shown at most.
  package func quoted(limit: Int = 120) -> String {
    var quoted = "\""
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar {
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.isVisible: quoted.unicodeScalars.append(scalar)
      default: quoted += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return quoted + "\"" + (unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")
  }

  /// Returns the text as it is where it is one word of visible characters, and else in quotes.
  ///
  /// - Parameter limit: the Unicode scalars that are shown at most.
  package func shown(limit: Int = 120) -> String {
    isWord && unicodeScalars.dropFirst(limit).isEmpty ? String(self) : quoted(limit: limit)
  }

  /// Whether the text is not empty, and has visible characters only, among them no space, comma, quotation mark or
  /// backslash.
  package var isWord: Bool {
    !isEmpty && unicodeScalars.allSatisfy { $0.isVisible && ![" ", ",", "\"", "\\"].contains($0) }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal shows the character in its place in the line, and does nothing else.
  fileprivate var isVisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
    default: true
    }
  }
}
