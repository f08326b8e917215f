/// An import of a module, or of something in it.
struct Import: Equatable {
  /// 1 for the file's first line.
  let line: Int
  let module: String
}

/// The imports of a Swift file. Lines inside multi-line strings do not count, since programs in other languages stand
/// there; block comments are not expected, since the formatter refuses them.
func imports(in text: String) -> [Import] {
  var isInString = false
  var found: [Import] = []
  for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    if !isInString, let module = importedModule(line) { found.append(Import(line: index + 1, module: module)) }
    // Two pieces where a delimiter stands once.
    if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count.isMultiple(of: 2) { isInString.toggle() }
  }
  return found
}

private func importedModule(_ line: Substring) -> String? {
  var words = line.split(separator: " ")[...]
  while let word = words.first, word.hasPrefix("@") || accessLevels.contains(word) { words.removeFirst() }
  guard words.popFirst() == "import" else { return nil }
  if let word = words.first, kinds.contains(word) { words.removeFirst() }
  return words.first?.split(separator: ".").first.map(String.init)
}

private let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
private let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
