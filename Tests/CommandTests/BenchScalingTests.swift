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
        "--cores-per-node", "2", "--max-ranks", "8", "--latency", "50", "--bandwidth", "1", "--check-batch", "0",
        "--csv", "t.csv", "--json",
      ], in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try report(outcome)
    let predictions = try #require(report["predictions"] as? [[String: Any]])
    #expect(predictions.map { $0["ranks"] as? Int } == [1, 2, 4, 8])
    #expect(predictions.map { $0["nodes"] as? Int } == [1, 1, 2, 4])
    let network = try #require((report["network"] as? [String: Any])?["betweenNodes"] as? [String: Double])
    #expect(abs(network["latency"]! - 50e-6) < 1e-12 && network["bandwidth"] == 125e6)
    #expect((report["checks"] as? [Any])?.isEmpty == true)

    let lines = try String(contentsOfFile: "\(directory)/t.csv", encoding: .utf8).split(separator: "\n")
    let rows = lines.map { $0.split(separator: ",").map(String.init) }
    #expect(rows.count == 5 && rows[0].prefix(4) == ["model", "batch", "ranks", "nodes"])
    for (row, prediction) in zip(rows.dropFirst(), predictions) {
      let step = try #require(Double(row[13]))
      let expected = try #require(prediction["step"] as? Double)
      #expect(row.count == rows[0].count && abs(step - expected) < 1e-9 * step)
      #expect(abs(row[6...12].reduce(0) { $0 + Double($1)! } - step) < 1e-9 * step)
    }
  }

  @Test func checksThePredictionOnTheRanksThatThereAre() throws {
    let outcome = try Program.run(
      small + ["--max-ranks", "2", "--check-batch", "16", "--json"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try report(outcome)
    let checks = try #require(report["checks"] as? [[String: Any]])
      .map { $0.compactMapValues { $0 as? Double } }
    #expect(checks.map { $0["ranks"] } == [1, 2])
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
      small + ["--max-ranks", "2", "--check-batch", "0", "--local-bandwidth", "10", "--json"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let network = try #require(try report(outcome)["network"] as? [String: [String: Any]])
    #expect(network["withinNode"]?["bandwidth"] as? Double == 1.25e9 && network["withinNode"]?["exchange"] == nil)
  }

  @Test(arguments: [
    (["--bandwidth", "0"], 64, "--bandwidth takes more than 0 Gbit/s, not 0."),
    (["--latency", "-1"], 64, "--latency"),
    (["--max-ranks", "0"], 64, "--max-ranks takes 1 to 1048576, not 0."),
    (["--model", "fashion-7"], 64, "--model: there is no architecture"),
    (["--csv", "nowhere/t.csv"], 73, "nowhere/t.csv: cannot be created"),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, text: String) throws {
    let outcome = try Program.run(["bench", "scaling"] + arguments, in: directory)
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
  }
}
