import Foundation
import TestSupport
import Testing

/// The short form of what `prelu-fuzz FORMAT 100000 SEED` does at length: mutated files of every kind that comes from
/// outside, each in a process with limited memory and time.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct FuzzTests {
  @Test(arguments: [
    "checkpoint", "idx", "image", "yaml", "metrics", "report", "pack", "archive", "list", "devkit", "safetensors",
    "classes",
  ])
  func mutatedFilesAreReadOrRefused(format: String) throws {
    let program = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "prelu-fuzz").path
    let outcome = try ChildProcess.capture(program, [format, "500", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
    #expect(outcome.output.contains("\(format): seed 1, 500 inputs: "), "\(outcome.output)")
    #expect(outcome.output.contains(" 0 faults"), "\(outcome.output)")
    // The mutations test something only if neither all files are refused nor all are accepted.
    #expect(!outcome.output.contains(": 0 read") && !outcome.output.contains(" 0 refused"), "\(outcome.output)")
  }

  /// Some bytes of a whole file are altered, each by itself: it is refused, or read as what was written. The program
  /// does it with every byte where it is asked for as many inputs as there are bytes, and with every bit for eight
  /// times as many.
  @Test(arguments: ["checkpoint-bytes", "pack-bytes"]) func alteredBytesAreRefusedOrWithoutEffect(
    format: String
  ) throws {
    let program = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "prelu-fuzz").path
    let outcome = try ChildProcess.capture(program, [format, "700", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
    let counts = try #require(
      outcome.output.firstMatch(of: /700 inputs: (\d+) read, (\d+) refused, 0 faults/), "\(outcome.output)")
    // A seventh at least is covered by checksums, the rest is HDF5's empty room.
    #expect(Int(counts.2)! > 100 && Int(counts.1)! > 0, "\(outcome.output)")
    #expect(outcome.output.contains("\(format): without effect: "), "\(outcome.output)")
    // The guide on checkpoints says why nothing reads these.
    let structures = outcome.output.matches(of: #/\d+ from (\S+) on, at /#).map(\.1)
    #expect(!structures.isEmpty && Set(structures).isSubset(of: ["TREE", "BTLF", "FSHD", "FSSE"]), "\(outcome.output)")
  }
}
