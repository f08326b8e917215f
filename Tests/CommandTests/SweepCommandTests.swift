import Foundation
import TestSupport
import Testing

/// Searches over settings, as a person runs them.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct SweepCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    try writeFashionMNIST(training: 500, test: 200, to: "images", in: folder)
    try write(rates: "0.003, 0.03", epochs: 2)
  }

  private func write(rates: String, epochs: Int) throws {
    let text = """
      settings:
        recipe: fashion
        model: { width: 4 }
        data: { directory: \(folder.file("images")), validation: 100 }
        training: { epochs: \(epochs) }
      vary:
        solver.learningRate: [\(rates)]
        regularization.averageDecay: [0, 0.5]
      """
    try folder.write(Array(text.utf8), to: "rates.yaml")
  }

  private func sweep(
    _ options: [String] = [], exitCode: Int32 = 0, _ place: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try Program.run(["sweep", "rates.yaml"] + options, in: directory)
    #expect(outcome.exitCode == exitCode, "\(outcome.output)\(outcome.errors)", sourceLocation: place)
    return outcome
  }

  private func text(_ name: String) throws -> String { String(decoding: try folder.bytes(name), as: UTF8.self) }

  private let names = [
    "1-learningRate=0.003,averageDecay=0", "2-learningRate=0.003,averageDecay=0.5",
    "3-learningRate=0.03,averageDecay=0", "4-learningRate=0.03,averageDecay=0.5",
  ]

  @Test func runsAreTrainedComparedAndContinued() throws {
    let listed = try sweep(["--list"]).output.split(separator: "\n")
    #expect(listed.count == 5 && listed[0].hasPrefix("run "), "\(listed)")
    #expect(zip(names, listed.dropFirst()).allSatisfy { $1.hasPrefix($0) })
    #expect(!FileManager.default.fileExists(atPath: folder.file("rates")))
    #expect(try sweep(["--report"]).output.contains("no run has been evaluated yet"))

    // One run is there before the others, as a job of an array makes it.
    let prepared = try sweep(["--prepare", "3"]).output.split(separator: "\n").map(String.init)
    #expect(prepared == ["rates/\(names[2]).yaml", "rates/\(names[2])"])
    let alone = try Program.run(
      ["train", "--recipe", prepared[0], "--run", prepared[1], "--threads", "1"], in: directory)
    #expect(alone.exitCode == 0, "\(alone.errors)")
    let digest = try Program.inspect(prepared[1], in: directory).digest
    let modified = try FileManager.default.attributesOfItem(atPath: folder.file("\(prepared[1])/results.csv"))

    let outcome = try sweep(["--parallel", "2"])
    #expect(outcome.output.hasPrefix("1 run of 4 done before\n"), "\(outcome.output)")
    for name in names where name != names[2] { #expect(outcome.output.contains("\(name): done"), "\(name)") }
    #expect(try Program.inspect(prepared[1], in: directory).digest == digest)
    let after = try FileManager.default.attributesOfItem(atPath: folder.file("\(prepared[1])/results.csv"))
    #expect(after[.size] as? Int == modified[.size] as? Int)

    // The table is sorted by the validation error, and says what the runs' own tables say.
    let rows = try text("rates/sweep.csv").split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(rows.count == 5)
    let errors = rows.dropFirst().compactMap { Double($0[$0.count - 3]) }
    #expect(errors.count == 4 && errors == errors.sorted(), "\(errors)")
    #expect(
      try text("rates/sweep.csv").hasPrefix(
        "run,solver.learningRate,regularization.averageDecay,epochs,validation_top1_error,test_top1_error,seconds\n"))
    let page = try text("rates/report.html")
    for name in names { #expect(page.contains(name), "\(name)") }
    #expect(page.contains("sweep.txt"))
    #expect(page.contains("Error by solver.learningRate") && page.contains("Error by regularization.averageDecay"))

    // Nothing is left to do, and more values are more runs.
    #expect(try sweep().output.hasPrefix("4 runs of 4 done before\n"))
    #expect(try text("rates/\(names[0]).log").contains("test error of the best checkpoint"))
  }

  @Test func failedRunsAndOtherSettingsAreTold() throws {
    // Values are checked before anything is trained, and what goes wrong in a training stops no other.
    try write(rates: "0.003, 1e30", epochs: 1)
    let outcome = try sweep(exitCode: 65)
    #expect(outcome.errors.contains("expected more than 0 and at most 1000"), "\(outcome.errors)")
    try write(rates: "0.003, 900", epochs: 1)
    let diverged = try sweep(exitCode: 65)
    // The message of the training is there, once for each cause, with the log and what to do.
    let lines = diverged.errors.split(separator: "\n").filter { $0.contains("failed with exit code 65") }
    #expect(lines.count == 2, "\(diverged.errors)")
    // Whichever of the two ends first is the one that tells the cause.
    let logs = ["3-learningRate=900,averageDecay=0", "4-learningRate=900,averageDecay=0.5"].map { "rates/\($0).log" }
    #expect(lines.contains { line in logs.contains { line.hasSuffix("; its log is \($0)") } }, "\(lines)")
    #expect(
      lines.allSatisfy { $0.hasPrefix("prelu-dist: run ") && ($0.contains("iteration") || $0.contains("as run ")) },
      "\(lines)")
    #expect(diverged.output.contains("run 1 of 4, 1-learningRate=0.003,averageDecay=0: done"), "\(diverged.output)")
    #expect(
      diverged.output.contains("2 of 4 runs done, 2 failed")
        && diverged.output.hasSuffix("; the same command goes on with the others: prelu-dist sweep rates.yaml\n"),
      "\(diverged.output)")
    try write(rates: "0.003, 900", epochs: 2)
    let other = try sweep(exitCode: 64)
    #expect(other.errors.contains("expected the settings of this sweep's run, found others"), "\(other.errors)")
    #expect(
      try sweep(["--prepare", "5"], exitCode: 64).errors.contains("expected a run from 1 to 4, found --prepare 5"))
    #expect(try sweep(["--list", "--report"], exitCode: 64).errors.contains("give one of them"))
  }

  @Test func aSignalStopsAllRunsWithTheirCheckpoints() throws {
    try write(rates: "0.003", epochs: 100_000)
    let (process, output, errors) = try Program.start(["sweep", "rates.yaml", "--parallel", "2"], in: directory)
    let runs = ["1-learningRate=0.003,averageDecay=0", "2-learningRate=0.003,averageDecay=0.5"].map { "rates/\($0)" }
    let started = Program.wait {
      runs.allSatisfy { FileManager.default.fileExists(atPath: folder.file("\($0)/metrics.csv")) }
    }
    #expect(started)
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75)
    let told = try String(contentsOf: output, encoding: .utf8)
    for run in runs {
      #expect(told.contains("\(run.dropFirst(6)): stopped, to be continued"), "\(told)")
      #expect(try Program.inspect(run, in: directory).iteration > 0)
    }
    #expect(
      told.hasSuffix(
        "0 of 2 runs done; the same command goes on with the others: prelu-dist sweep rates.yaml --parallel 2\n"),
      "\(told)")
    let answered = try String(contentsOf: errors, encoding: .utf8)
    #expect(answered.contains("signal TERM came: the runs in training save a checkpoint and stop"), "\(answered)")
  }

  /// A second sweep of the same folder is refused by name, and the first one goes on; a job of an array is not.
  @Test func twoSweepsAtOnceDoNotMeet() throws {
    try write(rates: "0.003", epochs: 100_000)
    let (process, _, _) = try Program.start(["sweep", "rates.yaml", "--parallel", "1"], in: directory)
    defer { kill(process.processIdentifier, SIGKILL) }
    let run = "rates/1-learningRate=0.003,averageDecay=0"
    #expect(Program.wait { FileManager.default.fileExists(atPath: folder.file("\(run)/metrics.csv")) })
    let owner = try folder.bytes("\(run)/owner.json")

    // One that is not refused would never end.
    let second = try ChildProcess.capture(
      "/usr/bin/timeout", ["60", Program.path, "sweep", "rates.yaml"], in: directory)
    #expect(second.exitCode == 73, "\(second.errors)")
    #expect(second.output.isEmpty, "\(second.output)")
    let words =
      "rates: expected a folder in which no other process trains the runs of a sweep, found it in use by process"
    #expect(
      second.errors.hasPrefix("prelu-dist: \(words) \(process.processIdentifier) on this host"), "\(second.errors)")
    #expect(
      second.errors.hasSuffix("or choose another --folder\n") && second.errors.split(separator: "\n").count == 1,
      "\(second.errors)")
    #expect(try folder.bytes("\(run)/owner.json") == owner && process.isRunning)
    #expect(try text("\(run).log").components(separatedBy: "\nrun    ").count == 2)

    #expect(try sweep(["--prepare", "2"]).output.contains("rates/2-"))
    #expect(try sweep(["--report"]).output.contains("1-learningRate=0.003"))
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75)
  }

  /// A pack without a test split gives no test error, and a run of it is done all the same.
  @Test func runsWithoutATestAreDone() throws {
    for (name, count) in [("ant", 8), ("bee", 8)] {
      for number in 0..<count { try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/\(name)/\(number).png") }
    }
    let packed = try Program.run(
      ["pack", "photos", "-o", "p.h5", "--hold-out", "4", "--mean-side", "20", "--mean-crop", "16"], in: directory)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let text = """
      settings:
        model:
          input: { channels: 3, height: 16, width: 16 }
          layers:
            - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
            - spatialPyramidPooling: { name: spp, levels: [2, 1] }
            - fullyConnected: { name: fc1, outputs: 2 }
        data: { kind: pack, directory: p.h5, shorterSide: 20, validation: 0, scale: 0.015625 }
        augmentation: { padding: 0, mirror: true, shorterSide: [16, 24] }
        training: { batch: 8, epochs: 1 }
      vary: { training.seed: [1, 2] }
      """
    try folder.write(Array(text.utf8), to: "rates.yaml")
    let first = try sweep(["--parallel", "2"])
    #expect(first.output.contains("run 2 of 2, 2-seed=2: done in "), "\(first.output)")
    let again = try sweep()
    #expect(again.output.hasPrefix("2 runs of 2 done before\n"), "\(again.output)")
    #expect(!again.output.contains("training\n"), "\(again.output)")
  }

  /// The reason for which all runs fail is said once.
  @Test func oneReasonIsSaidOnce() throws {
    let text = """
      settings: { recipe: fashion, data: { directory: nowhere } }
      vary: { training.seed: [1, 2, 3] }
      """
    try folder.write(Array(text.utf8), to: "rates.yaml")
    let outcome = try sweep(["--parallel", "1"], exitCode: 66)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 3, "\(outcome.errors)")
    #expect(
      lines[0].hasPrefix(
        "prelu-dist: run 1 of 3, 1-seed=1: failed with exit code 66: nowhere: expected a pack, or a folder of IDX "
          + "files, found no such folder or file."), "\(lines[0])")
    #expect(lines[0].hasSuffix("; its log is rates/1-seed=1.log"), "\(lines[0])")
    #expect(
      lines[1] == "prelu-dist: run 2 of 3, 2-seed=2: failed with exit code 66, for the same reason as run 1",
      "\(lines[1])")
    #expect(
      outcome.output.hasSuffix(
        "0 of 3 runs done, 3 failed, all for the same reason; the same command goes on with the others: prelu-dist "
          + "sweep rates.yaml --parallel 1\n"), "\(outcome.output)")
  }

  @Test func theRecipeMayBeAFileBesideTheSweep() throws {
    try folder.write(
      Array("recipe: fashion\nmodel: { width: 4 }\ntraining: { batch: 32, epochs: 7 }\n".utf8), to: "own/mine.yaml")
    try folder.write(
      Array("settings: { recipe: mine.yaml, training: { epochs: 2 } }\nvary: { training.seed: [5] }\n".utf8),
      to: "own/sweep.yaml")
    let outcome = try Program.run(["sweep", "own/sweep.yaml", "--prepare", "1"], in: directory)
    #expect(outcome.exitCode == 0 && outcome.output == "sweep/1-seed=5.yaml\nsweep/1-seed=5\n", "\(outcome)")
    let recipe = try text("sweep/1-seed=5.yaml")
    for line in ["width: 4", "batch: 32", "epochs: 2", "seed: 5"] {
      #expect(recipe.contains("  \(line)\n"), "\(recipe)")
    }
    let printed = try Program.run(
      ["train", "--recipe", "own/mine.yaml", "--epochs", "2", "--seed", "5", "--print-config"], in: directory)
    #expect(printed.output == recipe)
  }
}

/// Files that are no sweep.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct SweepFileTests {
  @Test func whatIsNoSweepIsNamed() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("vary: { training.seed: [1] }\nsettings: { recipe: own.yaml }\n".utf8), to: "lost.yaml")
    for (file, code, words) in [
      ("nope.yaml", 66, "nope.yaml: expected the file of a sweep, found nothing of this name: write one with the keys"),
      ("fashion", 66, "fashion: expected the file of a sweep, found nothing of this name: write one with the keys"),
      (".", 65, ".: expected a YAML file, found a folder"),
      (
        "lost.yaml", 66,
        "lost.yaml:2: recipe: expected a recipe, found no file ./own.yaml: name it from the folder of this"
      ),
    ] as [(String, Int32, String)] {
      let outcome = try Program.run(["sweep", file], in: folder.path)
      #expect(outcome.exitCode == code && outcome.errors.hasPrefix("prelu-dist: \(words)"), "\(outcome.errors)")
    }
    let recipe = try Program.run(["train", "--recipe", "."], in: folder.path)
    #expect(recipe.exitCode == 65 && recipe.errors.hasPrefix("prelu-dist: .: expected a YAML file"), "\(recipe.errors)")
    #expect(try folder.names().filter { !$0.hasSuffix(".err") && !$0.hasSuffix(".out") } == ["lost.yaml"])
  }
}
