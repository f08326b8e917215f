import Foundation

/// A Markdown file of the repository, with the code blocks that a test can run.
///
/// Blocks of the language `sh` are run in the order in which they stand. A comment on the line before a block, which no
/// reader sees, says otherwise:
///
/// - `<!-- not run: REASON -->`: the block is not run.
/// - `<!-- file: NAME -->`: the block is written to a file of that name before the next one is run.
///
/// `<!-- given: NAMES -->` on a line of its own names what the commands take for granted (`DocumentationFolder`). A
/// command that ends in a comment with the words `exit code N` must end with that code, any other one with 0.
struct MarkdownDocument: CustomStringConvertible {
  /// A fenced block.
  struct Block {
    enum Use: Equatable {
      case run, notRun
      case file(String)
    }

    let language: String
    let use: Use
    /// The indices of its lines, without the fences.
    let range: Range<Int>
  }

  /// The path from the repository's root.
  let path: String
  let lines: [String]
  private(set) var blocks: [Block] = []
  /// The names that `given` comments list.
  private(set) var given: [String] = []
  /// The comments that are of no known kind, or have no block below them, with their line numbers.
  private(set) var strayComments: [String] = []

  var description: String { path }

  init(_ path: String, in root: String = repository) throws {
    self.path = path
    lines = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var use: Block.Use?
    var index = 0
    while index < lines.count {
      let line = lines[index]
      if let fence = line.wholeMatch(of: /```(\S*).*/) {
        let end = lines[(index + 1)...].firstIndex { $0.hasPrefix("```") } ?? lines.count
        let language = String(fence.1)
        blocks.append(
          Block(language: language, use: use ?? (language == "sh" ? .run : .notRun), range: index + 1..<end))
        use = nil
        index = end + 1
        continue
      }
      if use != nil { strayComments.append("line \(index): no block follows") }
      use = nil
      if let comment = line.wholeMatch(of: /<!-- ([a-z ]+): (.+) -->/) {
        switch comment.1 {
        case "not run": use = .notRun
        case "file": use = .file(String(comment.2))
        case "given": given += comment.2.split(separator: " ").map(String.init)
        default: strayComments.append("line \(index + 1): \(line)")
        }
      } else if line.replacing(/`[^`]*`/, with: "").contains("<!--") {
        strayComments.append("line \(index + 1): \(line)")
      }
      index += 1
    }
  }

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Bash's program for all blocks that are run or written, with each command on the line that it has in the document,
  /// so that bash's line numbers are the document's.
  var script: String {
    var script = [String](repeating: "", count: lines.count)
    script[0] = #"trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR"#
    for block in blocks {
      switch block.use {
      case .notRun: continue
      case .run:
        for index in block.range { script[index] = Self.checked(lines[index]) }
      case .file(let name):
        for index in block.range { script[index] = lines[index] }
        script[block.range.lowerBound - 1] = "cat >\(name) <<'END_OF_FILE'"
        script[block.range.upperBound] = "END_OF_FILE"
      }
    }
    return script.joined(separator: "\n") + "\n"
  }

  private static func checked(_ line: String) -> String {
    guard let match = line.wholeMatch(of: /(.*\S)\s+#.*exit code (\d+)/) else { return line }
    return "status=0; \(match.1) || status=$?; [[ $status == \(match.2) ]]"
  }

  // MARK: - Words

  /// The lines outside code blocks, with their indices.
  private var prose: [(index: Int, text: String)] {
    let code = Set(blocks.flatMap { Array($0.range.lowerBound - 1...$0.range.upperBound) })
    return lines.indices.filter { !code.contains($0) }.map { ($0, lines[$0]) }
  }

  /// The commands of all shell blocks, whether they are run or not, one line each; and what stands between backticks.
  var commands: [String] {
    let inBlocks = blocks.filter { $0.language == "sh" }.flatMap { block in
      lines[block.range].joined(separator: "\n").replacing("\\\n", with: " ").split(separator: "\n").map(String.init)
    }
    return inBlocks + codeSpans
  }

  /// The words between backticks in the text. A span may go on in the next line.
  var codeSpans: [String] {
    prose.map(\.text).joined(separator: " ").matches(of: /`([^`]+)`/).map { String($0.1) }
  }

  /// The targets of links, with the lines that they are on.
  var links: [(line: Int, target: String)] {
    prose.flatMap { index, text in
      text.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/).map { (index + 1, String($0.1)) }
    }
  }

  /// The words that may stand behind # in a link to this document: forges make them of its headings.
  var anchors: [String] {
    prose.compactMap { $0.text.wholeMatch(of: /#+ (.*)/).map { $0.1.lowercased() } }.map { heading in
      String(heading.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.map { $0 == " " ? "-" : $0 })
    }
  }

  /// The lines outside tables that are longer than 120 columns.
  var longLines: [String] {
    lines.enumerated().filter { !$0.element.hasPrefix("|") && $0.element.count > 120 }
      .map { "line \($0.offset + 1): \($0.element.count) columns" }
  }
}
