import Configuration
import Testing

private func rejection(_ text: String) -> ConfigurationError? {
  #expect(throws: ConfigurationError.self, "\(text.prefix(200))") {
    try Configuration(yaml: text, source: "foreign.yaml")
  }
}

@Test(arguments: [
  ("training: { batch: 1", 1), ("training:\n  batch: 1\n epochs: 2", 3), ("a: b: c", 1), ("\t- x", 1), ("'", 1),
  ("training: {}\n---\nmodel: {}", 2), ("a: \u{1}", 1), ("%YAML 9.9\n--- a", 1), ("training: }", 1),
])
func textsThatAreNoYAMLAreNamedWithTheirLine(text: String, line: Int) {
  let error = rejection(text)
  #expect(error?.kind == .malformed, "\(text): \(error?.description ?? "nothing")")
  #expect(error.map { abs(($0.line ?? -9) - line) <= 1 } == true, "\(text): \(error?.description ?? "nothing")")
  #expect(error?.description.contains("\n") == false, "\(error?.description ?? "nothing")")
}

@Test func keysStandOnce() {
  let error = rejection("training:\n  batch: 4\n  batch: 8")
  #expect(error?.description == "foreign.yaml:2: expected each key once in a group, found batch twice: leave one out")
  #expect(rejection("training: {}\ntraining: {}")?.kind == .malformed)
  #expect(
    rejection("? [a, b]\n: c")?.description == "foreign.yaml:1: expected a key of one word, found a list or a group")
}

@Test(arguments: [
  "data: { directory: &a x }", "data: &a { kind: idx }", "a: *b", "*b : 1", "[*b]", "{a:*b}", "\"a\":*b", "- *-x",
  "# comment\na: *b", "a: 'it' # b\nb: *c", "a: \"#\n  # \" \nb: *c", "x: |\n  # '\ny: *c", "a: [\" #\", *b]",
  "a: it's # no *comment\u{85}b: *c", "\u{FEFF}*b", "a: !x &b c", "a: ? *b",
])
func anchorsAndAliasesAreRefused(text: String) {
  let error = rejection(text)
  #expect(
    error?.description.contains("expected no anchors and no aliases") == true, "\(error?.description ?? "nothing")")
}

@Test func whatToWriteInsteadIsSaid() {
  #expect(
    rejection("training: {}\ndata: { directory: *b }")?.description == """
      foreign.yaml:2: expected no anchors and no aliases, found *b: write the value out, and in a text put a space \
      after & and *, or write \\u0026 and \\u002a in double quotes
      """)
  #expect(
    rejection("training: { batch: 1")?.description.contains(
      ": not YAML: while parsing a flow mapping that begins in line 1, did not find expected ',' or '}'") == true)
  let deep = String(repeating: "- ", count: 40) + "a"
  #expect(rejection(deep)?.description == "foreign.yaml:1: expected settings of at most 32 levels, found deeper ones")
  let error = #expect(throws: ConfigurationError.self) { try Configuration(json: "{4", source: "checkpoint.h5") }
  #expect(error?.description == "checkpoint.h5: expected settings as JSON, found \"{4\"")
}

@Test func signsThatAreNoReferencesAreTaken() throws {
  for directory in ["/data/cats & dogs", "a*b", "x&y", "a * b", "\"c & d\""] {
    let text = "# *bold* & &more\ndata:\n  directory: \(directory) # *comment*\n"
    // A quotation mark makes what follows it suspect, comments included.
    if directory.contains("\"") {
      #expect(rejection(text)?.kind == .malformed)
    } else {
      #expect(try Configuration(yaml: text, source: "a").data.directory == directory)
    }
  }
}

@Test func aliasBombIsRefusedAtOnce() {
  var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
  for level in 1...30 {
    let last = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
    text += "a\(level): &a\(level) [\(last)]\n"
  }
  text += "? *a30\n: bomb\n"
  #expect(rejection(text)?.line == 1)
}

@Test func deepNestingIsRefused() {
  for count in [40, 900, 100_000] {
    let flow = String(repeating: "[", count: count) + String(repeating: "]", count: count)
    #expect(rejection("model: \(flow)")?.kind == .malformed)
    #expect(rejection("model: \(String(repeating: "{a: ", count: count))")?.kind == .malformed)
    let block = String(repeating: "- ", count: count) + "a"
    #expect(rejection(block)?.kind == .malformed)
  }
}

@Test func foreignWordsAreShortened() {
  let word = String(repeating: "x", count: 10_000)
  for text in [
    "\(word): 1", "training: { batch: \(word) }", "model: { activation: \(word) }", "training: { \(word): 1 }",
  ] {
    #expect((rejection(text)?.description.count ?? .max) < 500)
  }
}

@Test(arguments: [
  "", "{", "[]", "null", "3", "{\"training\":{\"batch\":0}}", "{\"trainin\":{}}", "{\"model\":{\"width\":\"x\"}}",
])
func foreignJSONIsRefused(text: String) {
  let error = #expect(throws: ConfigurationError.self, "\(text)") {
    try Configuration(json: text, source: "checkpoint.h5")
  }
  #expect(error?.description.hasPrefix("checkpoint.h5: ") == true, "\(error?.description ?? "nothing")")
  #expect(error?.description.contains("\n") == false)
}

@Test func deepJSONIsRefused() {
  let text = String(repeating: "[", count: 100_000)
  #expect(throws: ConfigurationError.self) { try Configuration(json: text) }
}
