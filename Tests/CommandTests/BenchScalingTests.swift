import Foundation
import TestSupport
import Testing

/// Tests of `bench scaling` as a person runs it.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct BenchScalingTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private let small = [
    "bench", "scaling", "--model", "fashion-6", "--batch", "32", "--images", "2", "--repetitions", "1",
  ]

  private func report(_ outcome: Program.Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func predictsOnNodesAndWritesTheTable() throws {
    let outcome = try Program.run(
      small + [
        "--cores-per-node", "2", "--cores-per-node", "16", "--max-nodes", "4", "--latency", "50", "--bandwidth", "1",
        "--bandwidth", "25", "--check-batch", "0", "--csv", "t.csv", "--json",
      ], in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try report(outcome)
    let tables = try #require(report["tables"] as? [[String: Any]])
    let nodes = tables.compactMap { $0["node"] as? [String: Int] }
    #expect(nodes.map { $0["cores"] } == [2, 2, 16, 16])
    #expect(nodes.map { $0["ranks"] } == [1, 1, 2, 2] && nodes.map { $0["threads"] } == [2, 2, 8, 8])
    let links = tables.compactMap { $0["betweenNodes"] as? [String: Double] }
    #expect(links.map { $0["bandwidth"] } == [125e6, 3.125e9, 125e6, 3.125e9])
    #expect(links.allSatisfy { abs($0["latency"]! - 50e-6) < 1e-12 })
    var expected: [[String: Any]] = []
    for (table, ranks) in zip(tables, [1, 1, 2, 2]) {
      let (own, single) = (
        try #require(table["predictions"] as? [[String: Any]]), try #require(table["rankACore"] as? [[String: Any]])
      )
      #expect(own.map { $0["nodes"] as? Int } == [1, 2, 4] && single.map { $0["nodes"] as? Int } == [1, 2, 4])
      #expect(own.map { $0["ranks"] as? Int } == [ranks, 2 * ranks, 4 * ranks])
      expected += own + single
    }
    #expect((report["checks"] as? [Any])?.isEmpty == true)

    let lines = try String(contentsOfFile: "\(directory)/t.csv", encoding: .utf8).split(separator: "\n")
    let rows = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    #expect(rows.count == 1 + expected.count)
    #expect(rows[0].prefix(4) == ["model", "batch", "cores_per_node", "gbit_per_second"])
    for (row, prediction) in zip(rows.dropFirst(), expected) {
      let step = try #require(Double(row[16]))
      let predicted = try #require(prediction["step"] as? Double)
      #expect(row.count == rows[0].count && abs(step - predicted) < 1e-9 * step)
      #expect(abs(row[9...15].reduce(0) { $0 + Double($1)! } - step) < 1e-9 * step)
    }
  }

  @Test func checksThePredictionOnTheRanksThatThereAre() throws {
    let outcome = try Program.run(
      small + ["--max-nodes", "1", "--check-batch", "16", "--json"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try report(outcome)
    let checks = try #require(report["checks"] as? [[String: Any]])
      .map { $0.compactMapValues { $0 as? Double } }
    // Rank 0 by itself has one thread, and then all cores that it may use, where there are more.
    #expect(checks.first?["threads"] == 1 && checks.dropLast().allSatisfy { $0["ranks"] == 1 })
    #expect(checks.last?["ranks"] == 2)
    for check in checks {
      #expect(check["measured"]! > 0 && check["predicted"]! > 0)
      let error = 100 * (check["predicted"]! - check["measured"]!) / check["measured"]!
      #expect(abs(error - check["errorPercent"]!) < 1e-6)
    }
    // Both ranks are on this host, so only exchanges within a host are measured.
    let network = try #require(report["network"] as? [String: [String: Any]])
    let exchange = try #require(network["withinNode"]?["exchange"] as? [String: Double])
    #expect(exchange["seconds"]! > 0 && exchange["work"]! >= 0 && exchange["work"]! <= exchange["seconds"]!)
    #expect(network["betweenNodes"]?["exchange"] == nil)
  }

  @Test func whatIsGivenIsNotMeasured() throws {
    let outcome = try Program.run(
      small + ["--max-nodes", "1", "--check-batch", "0", "--local-bandwidth", "10", "--json"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let network = try #require(try report(outcome)["network"] as? [String: [String: Any]])
    #expect(network["withinNode"]?["bandwidth"] as? Double == 1.25e9 && network["withinNode"]?["exchange"] == nil)
  }

  @Test(arguments: [
    (["--bandwidth", "0"], 64, "--bandwidth takes 1e-06 to 1000000000 Gbit/s, not 0."),
    (["--latency", "-1"], 64, "--latency"),
    (["--max-nodes", "0"], 64, "--max-nodes takes 1 to 65536, not 0."),
    (["--cores-per-node", "8", "--cores-per-node", "0"], 64, "--cores-per-node takes 1 to 4096, not 0."),
    (["--model", "fashion-7"], 64, "--model: there is no architecture"),
    (["--csv", "nowhere/t.csv"], 73, "nowhere/t.csv: cannot be created"),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, text: String) throws {
    let outcome = try Program.run(["bench", "scaling"] + arguments, in: directory)
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
  }
}
