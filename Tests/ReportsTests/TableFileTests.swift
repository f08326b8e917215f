import Network
import Reports
import System
import TestSupport
import Testing

/// The tables of a run have in common where they are cut, and that other tables are refused.
@Suite struct TableFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func text(_ name: String) throws -> String { String(decoding: try folder.bytes(name), as: UTF8.self) }

  /// Rows of the iterations 100, 200 and 300, two each: after a cut the text is what it was when the last kept row was
  /// written, whatever followed.
  private func expectCuts<Row: TableRow & Equatable>(_ row: (Int) -> Row) throws {
    let file = TableFile<Row>(path: folder.file(Row.fileName))
    try file.truncate(afterIteration: 5)
    #expect(try folder.names().isEmpty, "a table that is not there is not made")
    var texts: [String] = []
    for iteration in [100, 200, 300] {
      try file.append([row(iteration), row(iteration)])
      texts.append(try text(Row.fileName))
    }
    for (kept, iteration) in [(2, Int.max), (2, 300), (1, 299), (1, 200), (0, 100)] {
      try folder.write(Array(texts[2].utf8), to: Row.fileName)
      try file.truncate(afterIteration: iteration)
      #expect(try text(Row.fileName) == texts[kept], "after \(iteration)")
      // A machine that failed may have left the beginning of a row.
      for rest in ["1", "100", "100,2", "200,"] {
        try folder.write(Array((texts[kept] + rest).utf8), to: Row.fileName)
        #expect(try file.rows() == Row.ordered([100, 200, 300].prefix(kept + 1).flatMap { [row($0), row($0)] }))
        try file.truncate(afterIteration: iteration)
        #expect(try text(Row.fileName) == texts[kept], "\(rest) after \(iteration)")
      }
    }
    try file.truncate(afterIteration: 0)
    #expect(try text(Row.fileName) == TableFile<Row>.header + "\n")
    try file.append(row(100))
    #expect(try file.rows() == [row(100)])
  }

  @Test func metrics() throws {
    try expectCuts {
      MetricsRow(
        epoch: $0 / 100, iteration: $0, learningRate: 0.01, trainLoss: 1 / 3, trainTop1Error: 12.25,
        validationTop1Error: nil, validationTop5Error: 1, imagesPerSecond: 1e300, seconds: .leastNonzeroMagnitude,
        dataWaitSeconds: 0)
    }
  }

  @Test func times() throws {
    try expectCuts { TimeRow(iteration: $0, seconds: [1, 2, 3, 4, 5, 1 / 3]) }
  }

  @Test func progress() throws {
    try expectCuts { ProgressRow(iteration: $0, samples: 128, loss: 1 / 3, top1Error: 12.5, learningRate: 0.01) }
  }

  @Test func laterRowsFollowMoreSteps() {
    #expect((1...256).allSatisfy(ProgressRow.isDue) && !ProgressRow.isDue(after: 0))
    #expect((257..<512).filter(ProgressRow.isDue).count == 127)
    #expect(!ProgressRow.isDue(after: 1001) && ProgressRow.isDue(after: 1000))
    #expect((1...1_000_000).count { ProgressRow.isDue(after: $0) } < 2000)
  }

  @Test func statistics() throws {
    try expectCuts {
      StatisticsRow(
        iteration: $0,
        layer: LayerStatistics(
          layer: "conv1", responseDeviation: 1 / 7, gradientDeviation: 1e-30, updateRatio: .infinity, decayShare: 1))
    }
  }

  @Test func places() throws {
    try expectCuts {
      RunPlace(
        started: "2026-11-24T10:00:00Z", iteration: $0, ranks: 2, threads: 4, hosts: "n1 (1), n2 (1)",
        processor: "A \"B\"", software: "s, t")
    }
  }

  /// A file that bears a table's name is left as it is where it is not that table.
  @Test func otherFilesAreLeftAlone() throws {
    func expect<Row: TableRow>(_ file: TableFile<Row>, _ text: String, _ problem: String) throws {
      try folder.write(Array(text.utf8), to: Row.fileName)
      let error = #expect(throws: FileError.self) { try file.truncate(afterIteration: 5) }
      #expect(error?.kind == .wrongKind)
      #expect(error?.description == "\(file.path): \(problem). Move it away, or have it written again")
      #expect(try self.text(Row.fileName) == text)
    }
    func refuse<Row: TableRow>(_ file: TableFile<Row>) throws {
      let header = TableFile<Row>.header
      let expected = "expected \(Row.plural) with the header \"\(header)\""
      try expect(file, "a,b\n1,2\n", "\(expected), found \"a,b\"")
      try expect(file, "no line break", "\(expected), found \"no line break\"")
      try expect(file, "\(header),more\n", "\(expected), found \"\(header),more\"")
      let place = try #require(Row.columns.firstIndex(of: "iteration"))
      let row = Row.columns.indices.map { $0 == place ? "-7" : "1" }.joined(separator: ",")
      try expect(
        file, "\(header)\n\n\(row)\n", "line 3, iteration: expected a whole number from 0 to 2^40, found \"-7\"")
    }
    try refuse(MetricsFile(path: folder.file(MetricsFile.name)))
    try refuse(TimeFile(path: folder.file(TimeFile.name)))
    try refuse(StatisticsFile(path: folder.file(StatisticsFile.name)))
    try refuse(PlacesFile(path: folder.file(PlacesFile.name)))
  }
}
