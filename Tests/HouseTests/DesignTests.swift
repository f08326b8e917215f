import Testing

/// Design.md's table of the targets is the manifest's picture: a row for each target of Sources, above all that rest on
/// it, with exactly the dependencies that Package.swift declares.
@Suite struct DesignTests {
  private static let file = "Sources/prelu-dist/Guides.docc/Design.md"
  private static let heading = "## The targets"

  private struct Row {
    let target: String
    let dependencies: [String]
    let content: String
  }

  /// The rows below the heading's first table: `| target | rests on | what it holds |`, names in backticks.
  private func rows() throws -> [Row] {
    let lines = try Repository.lines(of: Self.file)
    let start = try #require(lines.firstIndex(of: Self.heading[...]), "\(Self.file): no section \"\(Self.heading)\"")
    let table = lines[start...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    // The first two are the names of the columns and the line below them.
    return try table.dropFirst(2).map { line in
      let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }
      try #require(cells.count == 3, "\(Self.file): a row with \(cells.count) cells instead of 3: \(line)")
      let target = try #require(names(cells[0]).first, "\(Self.file): a row without a target in backticks: \(line)")
      return Row(target: target, dependencies: names(cells[1]), content: String(cells[2]))
    }
  }

  private func names(_ cell: Substring) -> [String] {
    cell.matches(of: /`([^`]+)`/).map { String($0.1) }
  }

  @Test func theTableOfTheTargetsIsTheManifests() throws {
    let rows = try rows()
    let targets = try Repository.manifest().targets.filter { $0.folder.hasPrefix("Sources/") }
    #expect(
      rows.map(\.target).sorted() == targets.map(\.name).sorted(),
      "\(Self.file): the rows of \"\(Self.heading)\" are not Package.swift's targets: add or remove rows")
    let declared = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0.dependencies.map(\.name).sorted()) })
    var above: Set<String> = []
    for row in rows {
      #expect(
        row.dependencies.sorted() == declared[row.target],
        "\(Self.file): what \(row.target) rests on is not what Package.swift declares: change the row")
      let early = row.dependencies.filter { declared[$0] != nil && !above.contains($0) }
      #expect(early.isEmpty, "\(Self.file): \(row.target) stands above \(early), on which it rests: move the row")
      #expect(!row.content.isEmpty, "\(Self.file): nothing says what \(row.target) holds: fill the third column")
      above.insert(row.target)
    }
  }
}
