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
    #expect(diverged.errors.contains(": failed with exit code 65: see rates/3-learningRate=900"), "\(diverged.errors)")
    #expect(diverged.output.contains("1-learningRate=0.003,averageDecay=0: done"), "\(diverged.output)")
    try write(rates: "0.003, 900", epochs: 2)
    let other = try sweep(exitCode: 64)
    #expect(other.errors.contains("expected the settings of this sweep's run, found others"), "\(other.errors)")
    #expect(
      try sweep(["--prepare", "5"], exitCode: 64).errors.contains("expected a run from 1 to 4, found --prepare 5"))
    #expect(try sweep(["--list", "--report"], exitCode: 64).errors.contains("give one of them"))
  }

  @Test func aSignalStopsAllRunsWithTheirCheckpoints() throws {
    try write(rates: "0.003", epochs: 100_000)
    let (process, output, _) = try Program.start(["sweep", "rates.yaml", "--parallel", "2"], in: directory)
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
  }
}
