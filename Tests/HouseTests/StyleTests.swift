import Testing

/// Rules of style that the formatter does not know.
@Suite struct StyleTests {
  /// The formatter leaves comments and strings as long as they are, and C headers alone.
  @Test func noLineIsLongerThan120Columns() throws {
    for file in try files() + Repository.files(in: "Sources", endingIn: ".h") {
      for (index, line) in try Repository.lines(of: file).enumerated() where line.count > 120 {
        Issue.record("\(file):\(index + 1): \(line.count) columns instead of at most 120: break the line")
      }
    }
  }

  @Test func docCommentsBeginWithANounOrAVerb() throws {
    for file in try files() {
      for start in docCommentStarts(in: try Repository.text(file)) where banned.contains(start.word) {
        Issue.record(
          """
          \(file):\(start.line): a doc comment begins with "\(start.word)". Begin it with a noun ("The number of …") \
          or with a verb in the third person ("Returns …").
          """)
      }
    }
  }

  @Test func startsOfDocCommentsAreFound() {
    let text = """
      /// Of the first.
      /// In its second line.
      let a = 1

        ///
        /// `count` floats.
        var b: Int  /// In no way a comment of its own.
        // By the way.
      /// In, with a comma.
      """
    let starts = docCommentStarts(in: text)
    #expect(starts.map(\.line) == [1, 6, 9])
    #expect(starts.map(\.word) == ["Of", "count", "In"])
  }

  /// Prepositions, and words that make a clause without a subject of what follows.
  private let banned: Set<String> = [
    "About", "Above", "According", "Across", "After", "Against", "Along", "Among", "Around", "As", "At", "Before",
    "Behind", "Below", "Beneath", "Beside", "Besides", "Between", "Beyond", "By", "Despite", "During", "Except", "For",
    "From", "In", "Inside", "Instead", "Into", "Like", "Near", "Of", "Off", "On", "Onto", "Out", "Outside", "Over",
    "Past", "Per", "Since", "Than", "Through", "Throughout", "To", "Toward", "Under", "Until", "Up", "Upon", "Via",
    "With", "Within", "Without",
    "Nil", "What",
  ]

  private func files() throws -> [String] {
    let files =
      try ["Sources", "Tests"].flatMap { try Repository.files(in: $0, endingIn: ".swift") } + ["Package.swift"]
    // What a program has written says so to the formatter.
    return try files.filter { try !Repository.text($0).contains("\n// swift-format-ignore-file") }
  }
}

/// The first words of a file's doc comments, without punctuation, and the lines where they stand.
func docCommentStarts(in text: String) -> [(line: Int, word: String)] {
  var isInComment = false
  var starts: [(line: Int, word: String)] = []
  for line in linesOfCode(text) {
    let content = line.text.drop { $0 == " " }
    guard content.hasPrefix("///") else {
      isInComment = false
      continue
    }
    guard !isInComment, let word = content.dropFirst(3).split(separator: " ").first else { continue }
    starts.append((line.number, String(word.filter(\.isLetter))))
    isInComment = true
  }
  return starts
}
