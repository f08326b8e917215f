import Foundation
import TestSupport
import Testing

/// Tests of SIGKILL, which no program can prepare for, at the worst moments: the run can be continued from what is
/// left, and ends as an undisturbed run does, bit for bit.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct KillTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }
  /// The options of a run that saves a checkpoint after each step, so that one is being written at most times.
  private let options: [String]

  init() throws {
    options = ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--checkpoint-every", "1"]
    folder = try ScratchFolder()
  }

  private func names(_ run: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(run)")) ?? []
  }

  /// The files that are being written.
  private func unfinished(_ run: String) -> [String] {
    names(run).filter { $0.contains(".tmp.") }
  }

  /// Kills when a checkpoint or a pointer to one is seen under its temporary name, some time later or at once: during
  /// writing, reading back, renaming. `inspect` reads the whole of what is left.
  @Test func killedWhileACheckpointIsWritten() throws {
    let iterations = 80
    let end = ["--iterations", "\(iterations)"]
    let whole = try Program.run(["--run", "whole"] + options + end, in: directory)
    try #require(whole.exitCode == 0, "\(whole.errors)")

    let delays: [UInt32] = [0, 200, 500, 1000, 2000, 4000, 8000, 16000]
    var killedInTheMiddle = 0
    var reached = 0
    // On a busy machine most kills come too late, and are tried again.
    for (number, delay) in (delays + delays + delays).enumerated() where number < delays.count || killedInTheMiddle < 3
    {
      let (process, _, errors) = try Program.start(
        ["--run", "cut", "--resume", "auto"] + options + ["--iterations", "100000"], in: directory)
      // The kill waits for some steps beyond those before, and then for the next file that is being written.
      let goal = "checkpoint-\(reached + 2).h5"
      var complaints: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }
      try #require(Program.wait { names("cut").contains(goal) || !process.isRunning })
      try #require(Program.wait { !unfinished("cut").isEmpty || !process.isRunning })
      usleep(delay)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try #require(process.terminationReason == .uncaughtSignal, "ended by itself: \(complaints)")
      if !unfinished("cut").isEmpty { killedInTheMiddle += 1 }
      let (_, iteration) = try Program.inspect("cut", in: directory)
      #expect(iteration > reached, "killed \(delay) µs after a file was seen")
      reached = iteration
      try #require(reached < iterations, "too fast for this test: \(reached) iterations")
    }
    // Without a kill the test would have tested nothing.
    #expect(killedInTheMiddle >= 3, "\(killedInTheMiddle) of \(3 * delays.count) kills hit a file in the making")

    let last = try Program.run(["--run", "cut", "--resume", "auto"] + options + end, in: directory)
    #expect(last.exitCode == 0, "\(last.errors)")
    #expect(unfinished("cut").isEmpty, "what the killed left is cleared away: \(names("cut"))")
    #expect(try Program.inspect("cut", in: directory) == Program.inspect("whole", in: directory))
  }

  /// One rank dies; `mpirun` ends the others, with an exit code that is not one of this program's.
  @Test func oneRankKilled() throws {
    let (process, _, _) = try Program.start(
      ["--run", "ranks"] + options + ["--iterations", "100000"], ranks: 2, in: directory)
    try #require(Program.wait { names("ranks").contains("checkpoint-3.h5") || !process.isRunning })
    let ranks = Program.descendants(of: process)
    try #require(ranks.count == 2, "\(ranks)")
    kill(ranks[1], SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationStatus == 137)
    #expect(Program.wait { ranks.allSatisfy { kill($0, 0) != 0 } }, "a rank is left behind")
    let (_, reached) = try Program.inspect("ranks", in: directory)
    #expect(reached >= 3)
    let end = ["--iterations", "\(reached + 5)"]
    let last = try Program.run(["--resume", "ranks"] + options + end, ranks: 4, in: directory)
    #expect(last.exitCode == 0, "\(last.errors)")
    #expect(try Program.run(["--run", "whole"] + options + end, in: directory).exitCode == 0)
    #expect(try Program.inspect("ranks", in: directory) == Program.inspect("whole", in: directory))
  }
}
