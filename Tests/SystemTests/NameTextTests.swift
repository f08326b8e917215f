import System
import Testing

/// Names from files stay on their line of a message, and do nothing to a terminal.
@Test(
  arguments: [
    ("conv1_1.weight", "conv1_1.weight"), ("größe", "größe"), ("conv*", "conv*"), ("", "\"\""),
    ("two words", "\"two words\""), ("a,b", "\"a,b\""), ("a\"b\\c", #""a\"b\\c""#),
    ("a\nb\r\tc", #""a\nb\r\tc""#), ("\u{1B}[2J", #""\u{1b}[2J""#), ("\u{9B}31m", #""\u{9b}31m""#),
    ("abc\u{202E}fed", #""abc\u{202e}fed""#), ("a\u{2028}b", #""a\u{2028}b""#), ("\0", #""\u{0}""#),
  ])
func namesAreShownOnOneLine(name: String, shown: String) {
  #expect(name.shown() == shown)
  #expect(name.isWord == (name == shown))
}

@Test func longNamesAreCut() {
  let name = String(repeating: "a", count: 121)
  #expect(name.shown() == "\"\(String(repeating: "a", count: 120))\"…" && name.shown(limit: .max) == name)
  // A single character of many scalars, as a terminal stacks them.
  let stacked = "a" + String(repeating: "\u{0301}", count: 100_000)
  #expect(stacked.shown().unicodeScalars.count == 123)
}
