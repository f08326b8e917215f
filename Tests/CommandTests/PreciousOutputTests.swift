import Foundation
import TestSupport
import Testing

/// Tests of outputs whose names belong to somebody's files: each command against each kind of file.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct PreciousOutputTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    let run = try Program.run(
      [
        "--recipe", try smallFashion(), "--run", "r", "--width", "4", "--threads", "1", "--iterations", "4",
        "--checkpoint-every", "2", "--quiet",
      ], in: directory)
    try #require(run.exitCode == 0, "\(run.errors)")
    try folder.write([0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3], to: "photo.jpg")
    try folder.write(Array("model: mine\n".utf8), to: "recipe.yaml")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "photo.jpg")
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
  }

  private static let commands = [
    ["average", "r", "-o"], ["report", "r", "-o"],
    ["evaluate", "r", "--threads", "1", "--subset", "8", "--classes"],
    ["evaluate", "r", "--threads", "1", "--subset", "8", "--predictions"],
    ["evaluate", "r", "--threads", "1", "--subset", "8", "--results"],
  ]

  @Test(arguments: commands) func nothingPreciousIsOverwritten(command: [String]) throws {
    for target in ["photo.jpg", "recipe.yaml", "link", "r/checkpoint-4.h5", "r/owner.json", "r/config.yaml"] {
      let path = folder.file(target)
      let before = FileManager.default.contents(atPath: path)
      try #require(before != nil, "\(target)")
      let outcome = try Program.run(command + [target], in: directory)
      #expect([65, 73].contains(outcome.exitCode), "\(command) \(target): \(outcome.exitCode) \(outcome.errors)")
      #expect(outcome.errors.hasPrefix("prelu-dist: \(target): expected"), "\(outcome.errors)")
      #expect(FileManager.default.contents(atPath: path) == before, "\(command) \(target)")
    }
    let outcome = try Program.run(command + ["pipe"], in: directory)
    #expect([65, 73].contains(outcome.exitCode), "\(command): \(outcome.errors)")
    let type = try FileManager.default.attributesOfItem(atPath: folder.file("pipe"))[.type] as? FileAttributeType
    #expect(type != .typeRegular)
  }

  /// Plots go into a folder under names of their own, which somebody's files may bear.
  @Test func plotsReplaceOnlyPlots() throws {
    for name in ["loss-by-iteration.svg", "loss-by-iteration.csv"] {
      try FileManager.default.createDirectory(atPath: folder.file("plots"), withIntermediateDirectories: true)
      try folder.write(Array("<?xml mine\n".utf8), to: "plots/\(name)")
      let refused = try Program.run(["report", "r", "--svg", "plots"], in: directory)
      #expect(refused.exitCode == 73, "\(refused.output)")
      #expect(refused.errors.hasPrefix("prelu-dist: plots/\(name): expected a new name, or "), "\(refused.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("plots")) == [name])
      try FileManager.default.removeItem(atPath: folder.file("plots"))
    }
    for _ in 1...2 {
      let outcome = try Program.run(["report", "r", "--svg", "plots"], in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
  }

  @Test(arguments: commands.prefix(4)) func earlierResultsAndDemandsAre(command: [String]) throws {
    let name = command.contains("--predictions") || command.contains("--classes") ? "new.csv" : "new"
    let first = try Program.run(command + [name], in: directory)
    #expect(first.exitCode == 0, "\(first.errors)")
    let again = try Program.run(command + [name], in: directory)
    #expect(again.exitCode == 0, "\(again.errors)")
    let demanded = try Program.run(command + ["photo.jpg", "--overwrite"], in: directory)
    #expect(demanded.exitCode == 0, "\(demanded.errors)")
  }

  /// The errors are told and both tables written; a row that follows an open line begins a line of its own.
  @Test func rowsBeginLinesOfTheirOwn() throws {
    let outcome = try Program.run(
      [
        "evaluate", "r", "--threads", "1", "--subset", "8", "--results", "ends.csv", "--classes", "classes.csv",
      ], in: directory)
    #expect(outcome.exitCode == 0 && outcome.output.contains("top-1 error"), "\(outcome.errors)")
    // A spreadsheet has left the last line open.
    let table = try String(contentsOfFile: folder.file("ends.csv"), encoding: .utf8)
    try folder.write(Array(table.dropLast().utf8), to: "ends.csv")
    _ = try Program.run(
      ["evaluate", "r", "--threads", "1", "--subset", "8", "--results", "ends.csv"], in: directory)
    let lines = try String(contentsOfFile: folder.file("ends.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3 && lines[1].split(separator: ",").count == lines[2].split(separator: ",").count)
  }
}
