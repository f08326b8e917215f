import Foundation
import TestSupport
import Testing

/// Tests of runs that go on from one checkpoint by its name, and of copies of a run that go on elsewhere.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct RunCopyTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  private func start(_ run: String, iterations: Int, _ more: String...) throws -> Program.Outcome {
    try Program.run(
      [
        "--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--run", run, "--iterations", "\(iterations)",
        "--checkpoint-every", "20",
      ] + more, in: directory)
  }

  private func resume(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["train", "--threads", "1", "--resume"] + arguments, in: directory)
  }

  private func rows(_ run: String, _ table: String) throws -> [String] {
    try String(contentsOfFile: folder.file("\(run)/\(table)"), encoding: .utf8).split(separator: "\n").map {
      // The columns of time differ.
      $0.split(separator: ",", omittingEmptySubsequences: false).prefix(table == "metrics.csv" ? 7 : 4)
        .joined(separator: ",")
    }
  }

  @Test func aCopyGoesOnAsItsRunDoes() throws {
    // An epoch has 39 iterations, after which the best checkpoint is older than the newest.
    #expect(try start("r", iterations: 60).exitCode == 0)
    let before = try folder.bytes("r/checkpoint-60.h5")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("r")).sorted()
    let copy = try resume("r", "--run", "copies/c", "--iterations", "100")
    #expect(copy.exitCode == 0 && copy.output.contains("resumed from r/checkpoint-60.h5\n"), "\(copy.errors)")
    #expect(copy.output.contains("run folder: copies/c"), "\(copy.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("r")).sorted() == names)
    #expect(try folder.bytes("r/checkpoint-60.h5") == before)
    #expect(try resume("r", "--iterations", "100").exitCode == 0)
    let (own, other) = (try Program.inspect("r", in: directory), try Program.inspect("copies/c", in: directory))
    #expect(own == other && own.iteration == 100)
    #expect(try rows("copies/c", "metrics.csv") == rows("r", "metrics.csv"))
    #expect(try rows("copies/c", "progress.csv").prefix(9) == rows("r", "progress.csv").prefix(9))
    let best = try String(contentsOfFile: folder.file("r/best"), encoding: .utf8)
    #expect(try String(contentsOfFile: folder.file("copies/c/best"), encoding: .utf8) == best)
    let verified = try Program.run(["inspect", "--verify", "copies/c"], in: directory)
    #expect(verified.exitCode == 0, "\(verified.output)")
    // The copy is a run of its own now.
    let again = try resume("r", "--run", "copies/c")
    #expect(again.exitCode == 64)
    #expect(
      again.errors.hasPrefix(
        "prelu-dist: copies/c: expected a new folder for a copy of r, found a run: continue that with --resume "
          + "copies/c, or choose another --run"), "\(again.errors)")
  }

  @Test func aCheckpointIsGoneOnFromByItsName() throws {
    #expect(try start("r", iterations: 60).exitCode == 0)
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.file("r")).sorted()
    let older = try resume("r/checkpoint-40.h5")
    #expect(older.exitCode == 64)
    #expect(
      older.errors == "prelu-dist: r/checkpoint-40.h5: expected the newest checkpoint of its run, found "
        + "r/checkpoint-60.h5, which the run would remove: continue the run with --resume r, or a copy of it from here "
        + "with --resume r/checkpoint-40.h5 --run NEW\n", "\(older.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("r")).sorted() == before)
    let copy = try resume("r/checkpoint-40.h5", "--run", "c", "--iterations", "60")
    #expect(copy.exitCode == 0 && copy.output.contains("resumed from r/checkpoint-40.h5\n"), "\(copy.errors)")
    let (own, other) = (try Program.inspect("r", in: directory), try Program.inspect("c", in: directory))
    #expect(own == other && own.iteration == 60)
    let newest = try resume("r/checkpoint-60.h5", "--run", "r/", "--iterations", "61")
    #expect(newest.exitCode == 0, "\(newest.errors)")
    #expect(try Program.inspect("r", in: directory).iteration == 61)
    // A checkpoint by itself needs a folder to go on in.
    try folder.copy(folder.file("c/checkpoint-60.h5"), to: "alone/mine.h5")
    let alone = try resume("alone/mine.h5", "--iterations", "61")
    #expect(alone.exitCode == 64)
    #expect(
      alone.errors.hasPrefix("prelu-dist: alone/mine.h5: expected a run folder around a checkpoint, found none"),
      "\(alone.errors)")
    let named = try resume("alone/mine.h5", "--run", "d", "--iterations", "61")
    #expect(named.exitCode == 0, "\(named.errors)")
    #expect(try Program.inspect("d", in: directory) == Program.inspect("r", in: directory))
    #expect(try resume("nowhere", "--run", "e").errors.contains("nowhere: there is no such run folder"))
  }

  @Test func anAverageIsNoPointToGoOnFrom() throws {
    #expect(try start("r", iterations: 40).exitCode == 0)
    #expect(try Program.run(["average", "r", "-o", "a.h5"], in: directory).exitCode == 0)
    let outcome = try resume("a.h5", "--run", "c")
    #expect(outcome.exitCode == 65)
    #expect(
      outcome.errors.hasPrefix(
        "prelu-dist: a.h5: expected a checkpoint that training can go on from, found an average, which has no "
          + "momentum: begin a new run from its weights with --weights a.h5"), "\(outcome.errors)")
  }
}
