import Foundation
import TestSupport
import Testing

/// Tests of signals that ask to stop: to a rank, to `mpirun`, and twice.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct SignalTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  /// - Parameter killDelay: seconds that `mpirun` leaves the ranks for saving, where it ends them.
  private func start(
    ranks: Int?, killDelay: Int = 2
  ) throws -> (process: ChildProcess, output: URL, errors: URL) {
    let started = try Program.start(
      ["--recipe", try smallFashion(), "--run", "run", "--width", "4", "--threads", "1", "--checkpoint-every", "5"],
      ranks: ranks, killDelay: killDelay, in: directory)
    try #require(
      Program.wait { isThere("checkpoint-5.h5") || !started.process.isRunning } && started.process.isRunning)
    return started
  }

  private func isThere(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(directory)/run/\(name)")
  }

  private func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }

  /// The checkpoint was written on the way out, and not one of those due every five iterations only.
  private func expectSaved(_ output: URL, by signal: String?, ranks: Int = 1) throws {
    let said = text(output)
    let iteration = try Program.inspect("run", in: directory).iteration
    if let signal { #expect(said.contains("stopped by signal \(signal) after \(iteration) iteration"), "\(said)") }
    #expect(said.contains("after \(iteration) iteration\(iteration == 1 ? "" : "s"); checkpoint saved"), "\(said)")
    let launcher = ranks == 1 ? "" : "mpirun -np \(ranks) "
    #expect(said.contains("continue with: \(launcher)prelu-dist train --resume run\n"), "\(said)")
    let resumed = try Program.run(
      ["--resume", "run", "--iterations", "\(iteration + 1)", "--threads", "1"], in: directory)
    #expect(resumed.exitCode == 0 && resumed.output.contains("resumed from run/checkpoint-\(iteration).h5"))
  }

  @Test(arguments: [(SIGINT, "INT"), (SIGTERM, "TERM"), (SIGUSR1, "USR1"), (SIGHUP, "HUP")])
  func aloneSavesAndExitsWith75(signal: Int32, name: String) throws {
    let (process, output, errors) = try start(ranks: nil)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75, "\(text(errors))")
    #expect(
      text(errors) == "prelu-dist: signal \(name) came: the run finishes its step, saves a checkpoint and stops\n")
    try expectSaved(output, by: name)
  }

  /// `nohup` has HUP ignored, and the program leaves it so.
  @Test func aHangupThatIsIgnoredStaysIgnored() throws {
    let process = try ChildProcess(
      "/usr/bin/nohup",
      [
        Program.path, "--recipe", try smallFashion(), "--run", "run", "--width", "4", "--threads", "1",
        "--checkpoint-every", "5", "--iterations", "40",
      ], environment: ProcessInfo.processInfo.environment, in: directory, output: "\(directory)/output",
      errors: "\(directory)/errors")
    try #require(Program.wait { isThere("checkpoint-5.h5") || !process.isRunning } && process.isRunning)
    kill(process.processIdentifier, SIGHUP)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try Program.inspect("run", in: directory).iteration == 40)
  }

  /// One rank gets the signal, and all ranks stop after the same step.
  @Test(arguments: [(SIGINT, 0), (SIGTERM, 1)]) func oneRankOfTwoSavesAndExitsWith75(signal: Int32, place: Int) throws {
    let (process, output, errors) = try start(ranks: 2)
    let ranks = Program.descendants(of: process).sorted()
    try #require(ranks.count == 2, "\(ranks)")
    let isFirst = Program.rank(of: ranks[place]) == 0
    kill(ranks[place], signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75, "\(text(errors))")
    // Rank 0 answers for all, where the signal comes to it.
    #expect(text(errors).contains("prelu-dist: signal") == isFirst, "\(text(errors))")
    try expectSaved(output, by: nil, ranks: 2)
  }

  /// Open MPI passes USR1 on at once. At INT, TERM and HUP it ends by itself: it sends the ranks TERM after a while,
  /// and exits with a code of its own; the checkpoint is saved all the same.
  @Test(arguments: [(SIGUSR1, "USR1", 75 as Int32), (SIGINT, "TERM", 1), (SIGTERM, "TERM", 1), (SIGHUP, "TERM", 1)])
  func mpirunLetsTheRanksSave(signal: Int32, heard: String, exitCode: Int32) throws {
    let (process, output, errors) = try start(ranks: 2, killDelay: 4)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == exitCode, "\(text(errors))")
    let answers = text(errors).components(separatedBy: "prelu-dist: signal \(heard) came: the run finishes its step, ")
    #expect(answers.count == 2, "\(text(errors))")
    try expectSaved(output, by: heard, ranks: 2)
  }

  /// The second INT does not wait for the step: the process is gone, and what was saved before is whole.
  @Test func aSecondInterruptLeavesAtOnce() throws {
    let (process, output, _) = try start(ranks: nil)
    // The process is suspended, so that both signals arrive before the first has an effect.
    kill(process.processIdentifier, SIGSTOP)
    kill(process.processIdentifier, SIGINT)
    kill(process.processIdentifier, SIGCONT)
    usleep(1000)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    let said = text(output)
    #expect(process.terminationStatus == 130 || said.contains("checkpoint saved"), "\(said)")
    _ = try Program.inspect("run", in: directory)
  }

  /// Measurements have nothing to save, so they end where they are.
  @Test(arguments: [
    (["bench", "step", "--batch", "8", "--runs", "1000000"], SIGTERM),
    (["bench", "step", "--batch", "8", "--runs", "1000000"], SIGINT),
    (["bench", "scaling", "--model", "fashion-6", "--images", "2", "--repetitions", "1000000"], SIGTERM),
  ])
  func measurementsEndAtOnce(arguments: [String], signal: Int32) throws {
    for ranks in [nil, 2] {
      let (process, _, errors) = try Program.start(arguments, ranks: ranks, in: directory)
      // By then it computes.
      sleep(2)
      try #require(process.isRunning, "\(text(errors))")
      kill(process.processIdentifier, signal)
      #expect(Program.wait { !process.isRunning }, "it goes on")
      process.waitUntilExit()
    }
  }

  /// A reader that goes away, as in `prelu-dist | head`, does not end a run.
  @Test func aReaderWhoGoesDoesNotEndTheRun() throws {
    let command = "{ \"$0\" \"$@\"; echo $? >code; } | head -n 1 >first"
    let process = try ChildProcess(
      "/bin/sh",
      ["-c", command, Program.path, "--run", "run", "--width", "4", "--threads", "1", "--iterations", "20"],
      environment: ProcessInfo.processInfo.environment, in: directory, output: "\(directory)/output",
      errors: "\(directory)/errors")
    process.waitUntilExit()
    #expect(try String(contentsOfFile: "\(directory)/code", encoding: .utf8) == "0\n")
    #expect(try Program.inspect("run", in: directory).iteration == 20)
  }
}
