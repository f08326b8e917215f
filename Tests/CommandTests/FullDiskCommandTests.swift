import Foundation
import TestSupport
import Testing

/// Tests of a training whose disk is full: each message names the file, the system's words, what is kept, and what to
/// do.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct FullDiskCommandTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func options(_ more: String...) throws -> [String] {
    ["train", "--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--run", "r"] + more
  }

  /// A limit on the size of files stands in for the disk.
  private func train(blocks: Int, _ arguments: [String]) throws -> Program.Outcome {
    try ChildProcess.capture(
      "/bin/bash", ["-c", "ulimit -f \(blocks) && exec \"$@\"", "bash", Program.path] + arguments, in: folder.path)
  }

  private let words = "the checkpoint cannot be written: File too large; it needs "
  private let advice = "Raise the limit of a file's size (ulimit -f)."

  @Test func noCheckpointIsSaved() throws {
    let outcome = try train(blocks: 300, options("--iterations", "3", "--checkpoint-every", "2"))
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n").filter { $0.contains("checkpoint-") }
    #expect(lines.count == 3 && !outcome.errors.contains(".tmp"), "\(outcome.errors)")
    for (line, name) in zip(lines, ["checkpoint-0.h5", "checkpoint-2.h5"]) {
      #expect(
        line.hasPrefix("prelu-dist: warning: this checkpoint is not saved, training continues: r/\(name): \(words)"),
        "\(line)")
      #expect(line.hasSuffix(" are free. \(advice) The run has no checkpoint yet"), "\(line)")
    }
    #expect(lines.last?.hasPrefix("prelu-dist: r/checkpoint-3.h5: \(words)") == true, "\(lines)")
    #expect(
      lines.last?.hasSuffix("\(advice) The run has no checkpoint yet. What was trained is lost: begin again") == true,
      "\(lines)")
  }

  @Test func theLastCheckpointIsNotSaved() throws {
    let first = try Program.run(options("--iterations", "2"), in: folder.path)
    try #require(first.exitCode == 0, "\(first.errors)")
    let outcome = try train(
      blocks: 300, ["train", "--resume", "r", "--iterations", "4", "--checkpoint-every", "10", "--threads", "1"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n").filter { $0.contains("checkpoint-") }
    #expect(lines.count == 1, "\(outcome.errors)")
    #expect(lines.first?.hasPrefix("prelu-dist: r/checkpoint-4.h5: \(words)") == true, "\(lines)")
    #expect(
      lines.first?.hasSuffix(
        "\(advice) The newest checkpoint is r/checkpoint-2.h5. What was trained since then is lost; continue with "
          + "--resume r") == true, "\(lines)")
    let again = try Program.run(["train", "--resume", "r", "--iterations", "4", "--threads", "1"], in: folder.path)
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  /// A library lets no write to a file of one name succeed.
  @Test(
    .enabled(if: PreloadedLibrary.canBeMade, "there is no clang"),
    arguments: [
      ("owner.json", 74, ". Nothing was trained"), ("config.yaml", 74, ". Nothing was trained"),
      ("train.log", 0, "; training continues without its log"),
      ("places.csv", 0, "; training continues, these rows are missing there"),
      ("metrics.csv", 0, "; training continues, these rows are missing there"),
      ("time.csv", 0, "; training continues, these rows are missing there"),
      ("progress.csv", 0, "; training continues, these rows are missing there"),
      ("statistics.csv", 0, "; training continues, these rows are missing there"),
      ("report.html", 0, "; training continues, and the next page replaces it"),
    ])
  func oneFileIsNotWritten(name: String, code: Int32, end: String) throws {
    let source = """
      #include <errno.h>
      #include <stdio.h>
      #include <string.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      ssize_t write(int file, const void *bytes, size_t count) {
        char link[64], path[4096] = {0};
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/r/\(name)")) { errno = ENOSPC; return -1; }
        return syscall(SYS_write, file, bytes, count);
      }
      """
    let outcome = try Program.run(
      options("--epochs", "1", "--log-statistics", "20"),
      variables: ["LD_PRELOAD": try PreloadedLibrary.make(source, in: folder)], in: folder.path)
    #expect(outcome.exitCode == code, "\(outcome.errors)")
    let kind = code == 0 ? "warning: " : ""
    #expect(
      outcome.errors
        == "prelu-dist: \(kind)r/\(name): cannot be written: No space left on device. Make room there\(end)\n",
      "\(outcome.errors)")
  }
}
