import Foundation
import TestSupport
import Testing

/// Tests of a rank that does not arrive because it is suspended, as by a failing host: `mpirun` does not notice, but
/// the other ranks do.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct StallTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private struct Running {
    let process: ChildProcess
    let errors: URL
    /// The processes by rank: Open MPI starts them in this order.
    let ranks: [pid_t]
    var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }
  }

  private func options(_ run: String) throws -> [String] {
    ["--recipe", try smallFashion(), "--run", run, "--width", "4", "--threads", "1"]
  }

  private func start(_ run: String, _ more: [String]) throws -> Running {
    let (process, _, errors) = try Program.start(
      try options(run) + ["--checkpoint-every", "5"] + more, ranks: 3, in: directory)
    let there = "\(directory)/\(run)/checkpoint-5.h5"
    try #require(Program.wait { FileManager.default.fileExists(atPath: there) || !process.isRunning })
    let ranks = Program.descendants(of: process).sorted { Program.rank(of: $0) ?? -1 < Program.rank(of: $1) ?? -1 }
    try #require(ranks.compactMap { Program.rank(of: $0) } == [0, 1, 2], "\(ranks)")
    return Running(process: process, errors: errors, ranks: ranks)
  }

  /// The lowest of the ranks that wait names the missing one, whichever it is, and ends the job.
  @Test(arguments: [(2, 0), (0, 1)]) func aStoppedRankIsNamedAndEndsTheJob(missing: Int, speaker: Int) throws {
    let running = try start("run-\(missing)", ["--stall-warning", "2", "--stall-limit", "7"])
    kill(running.ranks[missing], SIGSTOP)
    running.process.waitUntilExit()
    #expect(running.process.terminationStatus == 75, "\(running.said)")
    let warning = "warning: rank \(speaker) on host "
    #expect(running.said.contains(warning), "\(running.said)")
    #expect(running.said.contains("waits: rank \(missing) on host "), "\(running.said)")
    #expect(running.said.contains(", at iteration "), "\(running.said)")
    #expect(running.said.contains("The job ends here"), "\(running.said)")
    #expect(running.said.components(separatedBy: "has not arrived for").count == 3, "said twice: \(running.said)")
    #expect(Program.wait { running.ranks.allSatisfy { kill($0, 0) != 0 } }, "a rank is left behind")
    _ = try Program.inspect("run-\(missing)", in: directory)
  }

  /// A rank that was away for a while causes a warning, and leaves the result as it would have been.
  @Test func aRankThatComesBackCostsAWarningOnly() throws {
    let end = ["--iterations", "3000", "--stall-warning", "2", "--stall-limit", "1e300"]
    let running = try start("run", end)
    kill(running.ranks[1], SIGSTOP)
    #expect(Program.wait { running.said.contains("rank 1 on host ") || !running.process.isRunning })
    kill(running.ranks[1], SIGCONT)
    kill(running.ranks[1], SIGTERM)
    running.process.waitUntilExit()
    #expect(running.process.terminationStatus == 75, "\(running.said)")
    let (digest, iteration) = try Program.inspect("run", in: directory)
    let whole = try Program.run(
      try options("whole") + ["--iterations", "\(iteration)"], ranks: 3, in: directory)
    #expect(whole.exitCode == 0, "\(whole.errors)")
    #expect(try Program.inspect("whole", in: directory).digest == digest)
  }
}
