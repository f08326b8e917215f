import Foundation
import TestSupport
import Testing

/// Tests of a standard output that takes nothing, as on a full disk.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct LostOutputTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func run(_ command: String) throws -> (exitCode: Int32, errors: String) {
    let process = try ChildProcess(
      "/bin/sh", ["-c", command, Program.path], environment: ProcessInfo.processInfo.environment, in: directory,
      output: "\(directory)/output", errors: "\(directory)/errors")
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOfFile: "\(directory)/errors", encoding: .utf8))
  }

  @Test(arguments: [
    "--version", "--help", "train --help", "inspect --model fashion-6", "inspect --model fashion-6 --json",
    "train --print-config", "doctor --json",
  ])
  func aLostResultIsAFailure(arguments: String) throws {
    let outcome = try run("\"$0\" \(arguments) >/dev/full")
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("the standard output cannot be written: No space left on device"), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "cannot be written").count == 2, "\(outcome.errors)")
  }

  /// A reader such as `head` has all that it wanted.
  @Test func aReaderThatGoesIsNoFailure() throws {
    let outcome = try run("{ \"$0\" inspect --model vgg-19; echo $? >code; } | head -n 1")
    #expect(outcome.errors.isEmpty)
    #expect(try String(contentsOfFile: "\(directory)/code", encoding: .utf8) == "0\n")
  }

  /// Commands that compute by themselves speak once, however many ranks start them.
  @Test(arguments: [["inspect", "--model", "fashion-6"], ["train", "--print-config"]])
  func severalRanksSpeakOnce(arguments: [String]) throws {
    let alone = try Program.run(arguments, in: directory)
    let together = try Program.run(arguments, ranks: 3, in: directory)
    #expect(together.exitCode == 0 && together.output == alone.output, "\(together.errors)")
  }
}
