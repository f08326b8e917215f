/// An import of a module, or of something in it.
struct Import: Equatable {
  /// The line in the file, from 1.
  let line: Int
  let module: String
}

/// The imports of a Swift file.
func imports(in text: String) -> [Import] {
  linesOfCode(text).compactMap { line in importedModule(line.text).map { Import(line: line.number, module: $0) } }
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
