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

  /// The run has no epoch behind it, so it has not written these files yet; it would not go on, or lose them.
  @Test(arguments: outputs.keys.sorted()) func whatTheRunWillWriteIsItsOwn(output: String) throws {
    let option = try #require(output.split(separator: " ").last.map(String.init))
    let results = ["evaluate --results": "results.csv", "evaluate --confusion": "confusion.csv"]
    let names = ["metrics.csv", "results.csv", "confusion.csv", "average.csv", "best", "checkpoint-8.h5", "job-state"]
    for name in names where results[output] != name {
      let outcome = try Program.run(try #require(Self.outputs[output]) + [option, "r/\(name)"], in: directory)
      #expect(outcome.exitCode == 73, "\(name): \(outcome.exitCode) \(outcome.errors)")
      #expect(
        outcome.errors.hasPrefix("prelu-dist: r/\(name): expected a name of its own for a")
          && outcome.errors.hasSuffix(
            ", found one that training has for a file of its own in this folder. Give another name\n"),
        "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("r/\(name)")), "\(name)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("new")))
  }

  @Test func otherNamesInTheRunAreTaken() throws {
    let outputs = [
      ("evaluate --results", "results.csv"), ("evaluate --confusion", "confusion.csv"),
      ("evaluate --classes", "per-class.csv"), ("evaluate --predictions", "predictions.csv"),
      ("evaluate --measures", "evaluation.csv"), ("average --output", "averaged.h5"), ("seal --output", "sealed.h5"),
      ("export --output", "net.safetensors"), ("report --output", "report.html"), ("report --output", "page.html"),
    ]
    for (output, name) in outputs {
      let option = try #require(output.split(separator: " ").last.map(String.init))
      let outcome = try Program.run(try #require(Self.outputs[output]) + [option, "r/\(name)"], in: directory)
      #expect(outcome.exitCode == 0, "\(output) \(name): \(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: folder.file("r/\(name)")), "\(name)")
    }
    let resumed = try Program.run(["train", "--resume", "r", "--iterations", "3", "--threads", "1"], in: directory)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
  }

  /// A trace is written while the run's folder fills, which need not be there before.
  @Test func aTraceIsNoFileOfItsOwnRun() throws {
    try FileManager.default.createDirectory(atPath: folder.file("new"), withIntermediateDirectories: false)
    let outcome = try Program.run(
      try #require(Self.outputs["train --trace"]) + ["--trace", "new/metrics.csv"], in: directory)
    #expect(outcome.exitCode == 73, "\(outcome.output)")
    #expect(
      outcome.errors
        == "prelu-dist: new/metrics.csv: expected a name of its own for a trace, found one that training has "
        + "for a file of its own in this folder. Give another name\n", "\(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("new")).isEmpty)
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
