/// The lines of a Swift file with their numbers, from 1, except those inside multi-line strings, where programs in
/// other languages stand. Block comments are not expected: the formatter refuses them.
func linesOfCode(_ text: String) -> [(number: Int, text: Substring)] {
  var isInString = false
  var lines: [(number: Int, text: Substring)] = []
  for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    if !isInString { lines.append((index + 1, line)) }
    // A line with one delimiter is split into two pieces.
    if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count.isMultiple(of: 2) { isInString.toggle() }
  }
  return lines
}
