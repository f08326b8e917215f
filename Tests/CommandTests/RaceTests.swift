import Foundation
import TestSupport
import Testing

/// Tests of many starts into one run folder at the same time: exactly one lives, whichever it is.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct RaceTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  /// Starts a training as often as asked for, at once, and returns what came of each.
  private func race(_ count: Int, _ arguments: [String]) throws -> [(status: Int32, errors: String, process: Int32)] {
    let started = try (0..<count).map { _ in try Program.start(arguments, in: directory) }
    return try started.map { process, _, errors in
      process.waitUntilExit()
      return (process.terminationStatus, try String(contentsOf: errors, encoding: .utf8), process.processIdentifier)
    }
  }

  /// The first one ends long before the others have waited for it in vain, so that they find a run that they did not
  /// plan to go on with.
  @Test(arguments: [true, false]) func exactlyOneOfManyStartsLives(isNew: Bool) throws {
    let common = ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--quiet", "--no-report"]
    for round in 1...3 {
      let run = "r\(round)"
      if !isNew {
        let first = try Program.run(common + ["--run", run, "--iterations", "2"], in: directory)
        try #require(first.exitCode == 0, "\(first.errors)")
      }
      let start = isNew ? ["--run", run] : ["--resume", "auto", "--run", run]
      let outcomes = try race(6, common + start + ["--iterations", "40", "--checkpoint-every", "1"])
      // A start that comes when all is over finds a run that is done.
      let living = outcomes.filter { $0.status == 0 }
      #expect(isNew ? living.count == 1 : living.count >= 1, "\(outcomes)")
      for outcome in outcomes where outcome.status != 0 {
        #expect([64, 73].contains(outcome.status), "\(outcome)")
        #expect(
          ["this folder already holds a run", "in use by run", "another process has trained here meanwhile"]
            .contains { outcome.errors.contains($0) }, "\(outcome.errors)")
      }
      let (digest, iteration) = try Program.inspect(run, in: directory)
      #expect(iteration == 40)
      let alone = try Program.run(common + ["--run", "alone\(round)", "--iterations", "40"], in: directory)
      #expect(alone.exitCode == 0)
      #expect(try Program.inspect("alone\(round)", in: directory).digest == digest)
      let verified = try Program.run(["inspect", "--verify", run], in: directory)
      #expect(verified.exitCode == 0, "\(verified.output)")
    }
  }
}
