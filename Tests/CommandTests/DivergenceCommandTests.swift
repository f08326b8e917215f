import Foundation
import TestSupport
import Testing

/// Tests of runs that diverge, as a person sees them.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct DivergenceCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }
  private let options = ["--width", "4", "--threads", "1"]

  init() throws {
    folder = try ScratchFolder()
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
  }

  @Test func stopsOnAllRanksWithTheLastCheckpointKept() throws {
    let outcome = try Program.run(
      ["--run", "run", "--learning-rate", "1000", "--iterations", "50", "--checkpoint-every", "1"] + options, ranks: 2,
      in: directory)
    #expect(outcome.exitCode == 65, "\(outcome.output) \(outcome.errors)")
    #expect(outcome.errors.contains("training has diverged at iteration "), "\(outcome.errors)")
    #expect(outcome.errors.contains(" of layer "), "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        """
        . The last good checkpoint is kept in run; continue from it with --on-divergence rollback, or start again with \
        a lower --learning-rate
        """), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "training has diverged").count == 2, "said once: \(outcome.errors)")
    _ = try Program.inspect("run", in: directory)
  }

  /// Rates of 1000, 100 and 10 are all too large: there are two rollbacks, and then the run ends.
  @Test func rollsBackTwiceAtMost() throws {
    let outcome = try Program.run(
      ["--run", "run", "--learning-rate", "1000", "--iterations", "400", "--on-divergence", "rollback"] + options,
      in: directory)
    #expect(outcome.exitCode == 65, "\(outcome.output) \(outcome.errors)")
    #expect(outcome.errors.contains("Going back to iteration 0 with a learning rate of 100.0 (1 of at most 2 times)"))
    #expect(outcome.errors.contains("Going back to iteration 0 with a learning rate of 10.0 (2 of at most 2 times)"))
    #expect(
      outcome.errors.contains(
        """
        , after the rate was lowered 2 times. The last good checkpoint is kept in run; start again with a lower \
        --learning-rate
        """), "\(outcome.errors)")
  }

  /// The rate after one rollback is a tenth and the run continues; its bits are those of a run that was killed in
  /// between.
  @Test func goesOnAfterARollback() throws {
    let rate = ["--learning-rate", "1", "--on-divergence", "rollback"]
    func train(_ run: String, _ iterations: Int, ranks: Int?) throws -> Program.Outcome {
      try Program.run(
        ["--run", run, "--resume", "auto", "--iterations", "\(iterations)", "--checkpoint-every", "20"] + rate
          + options,
        ranks: ranks, in: directory)
    }
    let whole = try train("whole", 30, ranks: nil)
    try #require(whole.exitCode == 0 && whole.errors.contains("Going back to iteration 0"), "\(whole.errors)")
    #expect(try train("cut", 20, ranks: 2).exitCode == 0)
    let rest = try train("cut", 30, ranks: 4)
    #expect(rest.exitCode == 0 && !rest.errors.contains("Going back"), "\(rest.errors)")
    #expect(try Program.inspect("cut", in: directory) == Program.inspect("whole", in: directory))
  }

  /// The table has a row for each layer with weights in the first step and every N-th; rows past a resumed iteration
  /// are cut off.
  @Test func statisticsOfTheLayers() throws {
    func train(_ more: [String], ranks: Int?) throws {
      let outcome = try Program.run(
        ["--run", "run", "--resume", "auto", "--log-statistics", "4"] + options + more, ranks: ranks, in: directory)
      try #require(outcome.exitCode == 0, "\(outcome.errors)")
    }
    try train(["--iterations", "9"], ranks: 1)
    let first = try text("run/statistics.csv")
    let rows = first.split(separator: "\n").map { $0.split(separator: ",") }
    #expect(first.hasPrefix("iteration,layer,response_std,gradient_std,update_weight_ratio,decay_share\n"))
    let layers = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "fc1", "fc2"]
    #expect(
      rows.dropFirst().map { "\($0[0]) \($0[1])" } == ["1", "4", "8"].flatMap { n in layers.map { "\(n) \($0)" } })
    for row in rows.dropFirst() {
      let figures = row[2...].compactMap { Double($0) }
      try #require(figures.count == 4, "\(row)")
      #expect(figures.allSatisfy { $0 > 0 && $0 < 100 }, "\(row)")
    }
    // A kill after the eighth iteration would leave rows that are written again.
    try (first + "10,fc2,1,1,1,1\n").write(
      toFile: "\(directory)/run/statistics.csv", atomically: false, encoding: .utf8)
    try train(["--iterations", "12"], ranks: 2)
    let second = try text("run/statistics.csv")
    #expect(second.hasPrefix(first))
    #expect(second.dropFirst(first.count).split(separator: "\n").allSatisfy { $0.hasPrefix("12,") })
  }
}
