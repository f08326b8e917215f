import Foundation
import TestSupport
import Testing

/// Tests of every option that names an output, with six files that are somebody's work.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct PreciousOutputSweepTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try runAndPack.copy() }

  /// The option that names an output, by its command: the arguments before it.
  private static let outputs: [String: [String]] = [
    "average --output": ["average", "r"],
    "bench scaling --csv": [
      "bench", "scaling", "--model", "fashion-6", "--batch", "8", "--images", "1", "--repetitions", "1",
    ],
    "bench step --trace": ["bench", "step", "--batch", "8", "--threads", "1", "--runs", "1"],
    "evaluate --classes": ["evaluate", "r", "--threads", "1", "--subset", "8"],
    "evaluate --confusion": ["evaluate", "r", "--threads", "1", "--subset", "8"],
    "evaluate --measures": ["evaluate", "r", "--threads", "1", "--subset", "8"],
    "evaluate --predictions": ["evaluate", "r", "--threads", "1", "--subset", "8"],
    "evaluate --results": ["evaluate", "r", "--threads", "1", "--subset", "8"],
    "export --output": ["export", "r", "--to", "safetensors"],
    "pack --output": ["pack", "photos", "--threads", "1"],
    "report --output": ["report", "r"],
    "seal --output": ["seal", "r/checkpoint-2.h5"],
    "train --trace": [
      "train", "--recipe", "small.yaml", "--width", "4", "--threads", "1", "--iterations", "2", "--run", "new",
    ],
  ]
  /// The options that name files which are read.
  private static let inputs: Set = ["pack --class-names", "pack --devkit", "report --note"]

  /// The options of each command whose value is a file, as its help names it.
  @Test func everyOptionThatNamesAFileIsThere() throws {
    var found: Set<String> = []
    for command in try KnownOptions.shared.get().ofProgram.keys where !command.contains("/") && command != "prelu-job" {
      let help = try ChildProcess.capture(Program.path, command.split(separator: " ").map(String.init) + ["--help"])
      for option in help.output.matches(of: /(--[a-z][a-z0-9-]*) <(?:[a-z]+\|)?file[>.|]/) {
        found.insert("\(command) \(option.1)")
      }
    }
    found = found.filter { !$0.hasSuffix(" --recipe") }
    #expect(found == Self.inputs.union(Self.outputs.keys))
  }

  @Test(arguments: outputs.keys.sorted()) func nothingPreciousIsOverwritten(output: String) throws {
    let option = try #require(output.split(separator: " ").last.map(String.init))
    for target in [
      "p.h5", "r/checkpoint-1.h5", "small.yaml", "r/progress.csv", "r/config.yaml", "photos/class 0/rgb-420.jpg",
    ] {
      let before = try folder.bytes(target)
      let outcome = try Program.run(try #require(Self.outputs[output]) + [option, target], in: directory)
      #expect([65, 73].contains(outcome.exitCode), "\(target): \(outcome.exitCode) \(outcome.errors)")
      #expect(outcome.errors.hasPrefix("prelu-dist: \(target): "), "\(outcome.errors)")
      #expect(try folder.bytes(target) == before, "\(target)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("new")), "\(target)")
    }
  }
}
