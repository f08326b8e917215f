import Foundation
import TestSupport
import Testing

/// Tests of runs that there is no memory for: they are refused before they touch it, or end with a word.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct MemoryCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  /// No machine that runs this test has the memory for the maps of so many images.
  @Test(arguments: [nil, 2]) func aHugeMiniBatchIsRefusedAtOnce(ranks: Int?) throws {
    let outcome = try Program.run(
      ["train", "--recipe", try smallFashion(), "--width", "2048", "--batch", "50000", "--run", "r", "--threads", "1"],
      ranks: ranks, in: directory)
    #expect(outcome.exitCode == 69, "\(outcome.exitCode) \(outcome.output)")
    #expect(
      outcome.errors.contains(
        #/prelu-dist: host \S+: expected [\d.]+ [MGT]B of memory for \d ranks?, found [\d.]+ [kMG]B left of /#
      ), "\(outcome.errors)")
    #expect(outcome.errors.contains("take a smaller mini-batch (--batch) or more hosts"), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "expected").count == 2, "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r")))
  }

  @Test func memoryThatTheSystemRefusesHasWords() throws {
    try folder.write(
      Array("ulimit -v 3000000\nexec \(Program.path) bench step --model C --batch 8 --threads 1\n".utf8), to: "limited")
    let process = try ChildProcess(
      "/bin/sh", ["limited"], environment: ProcessInfo.processInfo.environment, in: directory,
      output: folder.file("out"), errors: folder.file("errors"))
    process.waitUntilExit()
    let errors = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
    #expect(process.terminationStatus == 69, "\(process.terminationStatus) \(errors)")
    #expect(
      errors.contains(/prelu-dist: host \S+: expected [\d.]+ [MG]B more memory, found none: .*ulimit -v/), "\(errors)")
  }
}
