import Foundation
import System
import TestSupport
import Testing

/// Tests of the number of threads that commands choose, and of what they say about it.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct ThreadsCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  /// Runs the program on ranks with variables of the environment.
  private func run(_ arguments: [String], ranks: Int, _ variables: [String] = []) throws -> Program.Outcome {
    let (process, output, errors) = try Program.mpirun(
      ["-np", "\(ranks)"] + variables.flatMap { ["-x", $0] } + [Program.path] + arguments, in: directory)
    process.waitUntilExit()
    return Program.Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  private let small = ["train", "--width", "4", "--iterations", "1", "--no-report"]

  @Test(.enabled(if: hasFashionMNIST)) func theBannerSaysWhy() throws {
    let asked = try run(small + ["--run", "a", "--threads", "1"], ranks: 2)
    #expect(asked.output.contains("ranks  2 × 1 thread by --threads ("), "\(asked.output)\(asked.errors)")
    #expect(!asked.errors.contains("was to have"))
    // Ranks that are not bound share the host, or those of its cores that this process may use.
    let shared = try run(small + ["--run", "b"], ranks: 2)
    #expect(shared.output.contains(/ranks  2 × \d+ threads?, sharing .* \(/), "\(shared.output)\(shared.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST && ProcessInfo.processInfo.activeProcessorCount > 1))
  func variablesAreLimits() throws {
    let limited = try run(small + ["--run", "a"], ranks: 1, ["OMP_NUM_THREADS=1,4", "SLURM_CPUS_PER_TASK=2"])
    #expect(limited.output.contains("ranks  1 × 1 thread by OMP_NUM_THREADS ("), "\(limited.output)\(limited.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func oneWarningForAllRanks() throws {
    let wrong = try run(small + ["--run", "a"], ranks: 3, ["OMP_NUM_THREADS=many"])
    let warning = """
      warning: OMP_NUM_THREADS: expected a number of threads, 1 or more, found "many", which is ignored. Correct the \
      variable, or unset it
      """
    #expect(wrong.exitCode == 0 && wrong.errors.components(separatedBy: warning).count == 2, "\(wrong.errors)")
    let crowded = try run(small + ["--run", "b", "--threads", "64"], ranks: 2)
    #expect(crowded.exitCode == 0, "\(crowded.errors)")
    #expect(crowded.output.contains(/ranks  2 × \d+ threads? by --threads \(/), "\(crowded.output)")
    let parts = crowded.errors.components(separatedBy: "(and 1 other rank likewise) was to have 64 threads")
    #expect(parts.count == 2, "\(crowded.errors)")
  }

  @Test func doctorSaysIt() throws {
    let outcome = try run(["doctor", "--data", ".", "--threads", "1"], ranks: 2)
    #expect(outcome.output.contains("ranks        2 on 1 host: 2 × 1 thread by --threads\n"), "\(outcome.output)")
    let wrong = try run(["doctor", "--data", "."], ranks: 2, ["OMP_NUM_THREADS=0"])
    #expect(wrong.output.contains("warning: OMP_NUM_THREADS: expected a number of threads"), "\(wrong.output)")
    #expect(wrong.output.contains("\n    Correct the variable, or unset it\n"), "\(wrong.output)")
  }

  @Test func aStepIsTimedWithTheSameThreads() throws {
    func threads(_ arguments: [String], _ variables: [String]) throws -> Int? {
      let outcome = try run(
        ["bench", "step", "--recipe", "fashion", "--batch", "4", "--runs", "1", "--json"] + arguments, ranks: 1,
        variables)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
      return object?["threads"] as? Int
    }
    #expect(try threads([], ["OMP_NUM_THREADS=1"]) == 1)
    let two = min(2, ProcessInfo.processInfo.activeProcessorCount)
    #expect(try threads(["--threads", "2", "--leaves", "4"], ["OMP_NUM_THREADS=1"]) == two)
  }

  /// `mpirun` binds a single rank to one core, however many there are, and says nothing of it.
  @Test(.enabled(if: hasFashionMNIST && ProcessInfo.processInfo.activeProcessorCount > 1))
  func aRankThatIsBoundIsToldOf() throws {
    let folder = try ScratchFolder()
    let arguments = ["train", "--recipe", try smallFashion(), "--width", "4", "--iterations", "1", "--run"]
    let cores = Topology(around: processors(ofMask: affinityMask())).cores(of: processors(ofMask: affinityMask())).count
    let (process, output, errors) = try Program.mpirun(
      ["--bind-to", "core", "-np", "1", Program.path] + arguments + ["r"], in: folder.path)
    process.waitUntilExit()
    let (said, complaints) = (
      try String(contentsOf: output, encoding: .utf8), try String(contentsOf: errors, encoding: .utf8)
    )
    #expect(process.terminationStatus == 0, "\(complaints)")
    let hint =
      "       bound to 1 of \(cores) cores: mpirun --bind-to none frees the others for them, or start one rank a NUMA "
      + "domain\n"
    #expect(cores < 2 || said.contains(hint), "\(said)")
    let free = try Program.run(arguments + ["s"], ranks: 1, in: folder.path)
    #expect(free.exitCode == 0 && !free.output.contains("bound to"), "\(free.output) \(free.errors)")
  }

  /// The lines that need no data are said before these are opened, because that may take long.
  @Test func theBannerPrecedesTheData() throws {
    let folder = try ScratchFolder()
    try folder.write([1, 2, 3], to: "data/train-images-idx3-ubyte")
    let outcome = try Program.run(["--data", "data", "--run", "r"], in: folder.path)
    #expect(outcome.exitCode == 65 || outcome.exitCode == 66, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    try #require(lines.count == 4, "\(outcome.output)")
    #expect(lines[0].hasPrefix("prelu-dist ") && lines[1].hasPrefix("ranks  "), "\(outcome.output)")
    #expect(lines[2] == "run    r: recipe fashion, 14 epochs of mini-batches of 128, seed 1", "\(outcome.output)")
    #expect(lines[3].hasPrefix("rate   0.02"), "\(outcome.output)")
  }
}
