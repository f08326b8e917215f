extension Collection where Element: Comparable {
  /// The middle element in ascending order; with an even count, the greater of the two in the middle.
  package func median() -> Element {
    precondition(!isEmpty, "the median of no values")
    return sorted()[count / 2]
  }
}
