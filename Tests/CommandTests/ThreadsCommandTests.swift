import Foundation
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
}
