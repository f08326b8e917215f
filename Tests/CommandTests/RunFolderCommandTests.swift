import Foundation
import TestSupport
import Testing

/// Tests of what a person has in a run folder: edited settings, files of their own, a log, the test's result; and of
/// folders that cannot be synced.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct RunFolderCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func train(_ arguments: String..., variables: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(
      ["--recipe", try smallFashion(), "--width", "4", "--threads", "1"] + arguments, variables: variables,
      in: directory)
  }

  private func resume(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["train", "--resume", "r", "--threads", "1"] + arguments, in: directory)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.file(name), encoding: .utf8)
  }

  private func replace(_ from: String, with to: String, in name: String) throws {
    let before = try text(name)
    try #require(before.contains(from), "\(before)")
    try folder.write(Array(before.replacingOccurrences(of: from, with: to).utf8), to: name)
  }

  @Test func editedSettingsAreRefusedOrTaken() throws {
    #expect(try train("--run", "r", "--iterations", "2").exitCode == 0)
    let settings = try text("r/config.yaml")
    // A setting that would make another run of it.
    try replace("momentum: 0.9", with: "momentum: 0.8", in: "r/config.yaml")
    let edited = try text("r/config.yaml")
    let refused = try resume("--iterations", "3")
    #expect(refused.exitCode == 64)
    #expect(
      refused.errors.hasPrefix(
        "prelu-dist: r/config.yaml: expected the settings that the run began with, found edited ones: "
          + "solver.momentum was 0.9 and is now 0.8. Remove the file, which is written again, or begin a run by it: "
          + "--recipe r/config.yaml --run NEW"), "\(refused.errors)")
    #expect(try text("r/config.yaml") == edited)
    // One that may change is taken.
    try folder.write(Array(settings.utf8), to: "r/config.yaml")
    try replace("keep: 3", with: "keep: 1", in: "r/config.yaml")
    #expect(try resume("--iterations", "3").exitCode == 0)
    #expect(try text("r/config.yaml").contains("keep: 1"))
    let checkpoints = try FileManager.default.contentsOfDirectory(atPath: folder.file("r"))
      .filter { $0.hasPrefix("checkpoint-") }
    #expect(checkpoints == ["checkpoint-3.h5"])
    // One that cannot be read is neither.
    try folder.write(Array("momentum: [".utf8), to: "r/config.yaml")
    let unread = try resume("--iterations", "4")
    #expect(unread.exitCode == 65 && unread.errors.hasPrefix("prelu-dist: r/config.yaml:"), "\(unread.errors)")
    // Without the file the checkpoint's settings are as good.
    try FileManager.default.removeItem(atPath: folder.file("r/config.yaml"))
    #expect(try resume("--iterations", "4").exitCode == 0)
  }

  @Test(arguments: ["config.yaml", "latest", "best", "preview.png", "report.html"]) func somebodysFolderIsLeftAlone(
    name: String
  ) throws {
    try FileManager.default.createDirectory(atPath: folder.file("mine"), withIntermediateDirectories: true)
    try folder.write(Array("my own\n".utf8), to: "mine/\(name)")
    for start in [["--run", "mine"], ["--resume", "auto", "--run", "mine"]] {
      let outcome = try Program.run(
        ["--recipe", try smallFashion(), "--threads", "1", "--iterations", "1"] + start, in: directory)
      #expect(outcome.exitCode == 64, "\(outcome.output)")
      #expect(
        outcome.errors == "prelu-dist: mine/\(name): expected a folder in which a run may write, found a file of this "
          + "name that no run has written: choose another --run, or move the file\n", "\(outcome.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("mine")) == [name])
    #expect(try text("mine/\(name)") == "my own\n")
  }

  @Test func filesThatLookUnfinishedStay() throws {
    try FileManager.default.createDirectory(atPath: folder.file("r"), withIntermediateDirectories: true)
    for name in ["notes.txt.tmp.2024.1", "thesis.tmp.a.7"] { try folder.write([1], to: "r/\(name)") }
    #expect(try train("--run", "r", "--iterations", "1").exitCode == 0)
    for name in ["notes.txt.tmp.2024.1", "thesis.tmp.a.7"] {
      #expect(FileManager.default.contents(atPath: folder.file("r/\(name)")) == Data([1]), "\(name)")
    }
  }

  @Test func aSecondTrainingLeavesTheFirstOneAlone() throws {
    let (first, output, errors) = try Program.start(
      ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--run", "r", "--checkpoint-every", "1"],
      in: directory)
    defer { kill(first.processIdentifier, SIGKILL) }
    #expect(Program.wait { FileManager.default.fileExists(atPath: folder.file("r/checkpoint-1.h5")) })
    let owner = try text("r/owner.json")
    let second = try resume("--iterations", "100000")
    #expect(second.exitCode == 73, "\(second.output)")
    #expect(
      second.errors.hasPrefix(
        "prelu-dist: r: expected a run folder that no other process writes to, found it in use by run "),
      "\(second.errors)")
    #expect(second.errors.contains("(kill -USR1 \(first.processIdentifier))"), "\(second.errors)")
    #expect(try text("r/owner.json") == owner && first.isRunning)
    kill(first.processIdentifier, SIGUSR1)
    first.waitUntilExit()
    let (said, complaints) = (
      try String(contentsOf: output, encoding: .utf8), try String(contentsOf: errors, encoding: .utf8)
    )
    #expect(first.terminationStatus == 75, "\(complaints)")
    #expect(said.contains("checkpoint saved"), "\(said)")
    #expect(try resume("--iterations", "1").exitCode == 0)
  }

  @Test func theLogHoldsWhatEachStartSaid() throws {
    let first = try train("--run", "r", "--iterations", "2")
    let second = try resume("--iterations", "3")
    #expect(first.exitCode == 0 && second.exitCode == 0, "\(first.errors) \(second.errors)")
    var log = try text("r/train.log").split(separator: "\n", omittingEmptySubsequences: false)[...]
    for outcome in [first, second] {
      let command = log.removeFirst()
      #expect(command.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ .*prelu-dist .*--iterations \d$/), "\(command)")
      for line in outcome.output.split(separator: "\n") { #expect(log.removeFirst() == line) }
    }
    #expect(log == [""])
  }

  @Test func theTestAtTheEndIsKept() throws {
    let outcome = try train("--run", "r", "--epochs", "1")
    let found = try #require(
      outcome.output.firstMatch(of: /test error of the best checkpoint: .*, (\d+) and (\d+) of (\d+) images/),
      "\(outcome.output) \(outcome.errors)")
    let rows = try text("r/results.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(rows.count == 2)
    let row = try #require(rows.last)
    #expect(row[1].hasPrefix("r/checkpoint-") && row[3] == "test" && row[4] == "center", "\(row)")
    // The columns are images, top1_errors and top5_errors.
    #expect(Array(row[8...10]) == [String(found.3), String(found.1), String(found.2)], "\(row)")
    let page = try text("r/report.html")
    #expect(page.contains("<th>test error</th>") && page.contains("Training loss by iteration"))
  }

  /// A best checkpoint that somebody removed is not what is measured in its place.
  @Test func theTestSaysWhichCheckpointItMeasured() throws {
    // No step changes a parameter, so the first epoch stays the best.
    let first = try train("--run", "r", "--epochs", "2", "--learning-rate", "1e-30")
    #expect(first.output.contains("test error of the best checkpoint: "), "\(first.output) \(first.errors)")
    let best = try text("r/best").trimmingCharacters(in: .newlines)
    try #require(try text("r/latest") != "\(best)\n")
    try FileManager.default.removeItem(atPath: folder.file("r/\(best)"))
    let second = try resume("--epochs", "3")
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(second.output.contains("test error of the newest checkpoint: "), "\(second.output)")
    #expect(
      second.errors.contains(
        "warning: r/\(best): expected the run's best checkpoint, found none: the newest is measured on the test images"
      ), "\(second.errors)")
    // Nothing names a file that is not there, or it says so.
    let gone = /best checkpoint: iteration \d+, validation error [\d.]+ %; its file is not there any more\n/
    #expect(second.output.contains(gone) && !first.output.contains(gone), "\(second.output)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r/best")))
    let row = try #require(try text("r/results.csv").split(separator: "\n").last)
    #expect(row.contains("r/\(try text("r/latest").trimmingCharacters(in: .newlines)),"), "\(row)")
  }

  /// Another run's checkpoint of the same network is neither measured nor gone on from.
  @Test func aCheckpointOfAnotherRunIsNotTaken() throws {
    #expect(try train("--run", "r", "--epochs", "1").exitCode == 0)
    #expect(try train("--run", "s", "--epochs", "2", "--seed", "9").exitCode == 0)
    let own = try text("r/latest").trimmingCharacters(in: .newlines)
    let foreign = try text("s/latest").trimmingCharacters(in: .newlines)
    try #require(own != foreign)
    try folder.write(folder.bytes("s/\(foreign)"), to: "r/\(foreign)")
    let words = "r/\(foreign): its settings are those of another run: the run itself has not written it"
    let inspected = try Program.run(["inspect", "r"], in: folder.path)
    #expect(inspected.exitCode == 0 && inspected.errors.contains(words), "\(inspected)")
    let resumed = try resume("--epochs", "2")
    #expect(resumed.exitCode == 0 && resumed.errors.contains(words), "\(resumed.errors)")
    #expect(try folder.bytes("r/\(foreign).unused") == folder.bytes("s/\(foreign)"))
    #expect(try folder.bytes("r/\(foreign)") != folder.bytes("s/\(foreign)"))
  }

  /// A best checkpoint that is damaged does not undo a training that ended well.
  @Test func aDamagedBestIsPassedOverByTheTest() throws {
    #expect(try train("--run", "r", "--epochs", "2", "--learning-rate", "1e-30").exitCode == 0)
    let best = try text("r/best").trimmingCharacters(in: .newlines)
    try folder.write(Array(folder.bytes("r/\(best)").prefix(4000)), to: "r/\(best)")
    let second = try resume("--epochs", "3")
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(second.output.contains("test error of the newest checkpoint: "), "\(second.output)")
    #expect(
      second.errors.contains("warning: r/\(best): ")
        && second.errors.contains(": the newest is measured on the test images instead"), "\(second.errors)")
  }

  /// Some network file systems and those of user space answer the syncing of a folder with one of these codes.
  @Test(
    .enabled(if: PreloadedLibrary.canBeMade, "there is no clang"), arguments: [EINVAL, EOPNOTSUPP, ENOSYS, EBADF])
  func aFolderThatCannotBeSyncedCostsAWarning(code: Int32) throws {
    let source = """
      #include <errno.h>
      #include <sys/stat.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      int fsync(int file) {
        struct stat status;
        if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) { errno = \(code); return -1; }
        return syscall(SYS_fsync, file);
      }
      """
    let library = try PreloadedLibrary.make(source, in: folder)
    let outcome = try train("--run", "r", "--iterations", "1", variables: ["LD_PRELOAD": library])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(
      outcome.errors == "prelu-dist: warning: r: expected a file system that syncs folders, found one that syncs files "
        + "only: after a power loss the newest checkpoint may be missing, not damaged\n", "\(outcome.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.file("r/checkpoint-1.h5")))
  }
}
