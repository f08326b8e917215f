import Foundation
import TestSupport
import Testing

/// Tests of `doctor` as a script or a person uses it, and of the comparison of hosts at every start.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct DoctorCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter {
      !$0.hasSuffix(".out") && !$0.hasSuffix(".err")
    }
  }

  @Test(.enabled(if: hasFashionMNIST)) func oneRankOnThisHost() throws {
    let outcome = try Program.run(["doctor", "--run", "runs/first"], in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
    for text in [
      "HDF5 1.", "ranks        1 on 1 host", "instructions ", "messages by ", "renamed in ", "findings",
    ] { #expect(outcome.output.contains(text), "\(text): \(outcome.output)") }
    #expect(try names() == [], "it left something")
  }

  @Test func everythingThatIsWrongIsSaidAtOnce() throws {
    let outcome = try Program.run(["doctor", "--run", "/proc/runs", "--data", "nowhere"], in: directory)
    #expect(outcome.exitCode == 69)
    #expect(outcome.output.contains("problem: /proc: a file cannot be created: "), "\(outcome.output)")
    #expect(outcome.output.contains("does not have the data nowhere"), "\(outcome.output)")
    #expect(outcome.output.contains("Put the data set at the same path on every host"), "\(outcome.output)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func crowdedRanksAreAWarning() throws {
    let ranks = 2 * ProcessInfo.processInfo.activeProcessorCount
    let outcome = try Program.run(["doctor", "--json"], ranks: ranks, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((report["ranks"] as? [Any])?.count == ranks)
    #expect((report["allreduce"] as? [Any])?.count == 3)
    let findings = try #require(report["findings"] as? [[String: Any]])
    #expect(findings.contains { $0["severity"] as? String == "warning" }, "\(findings)")
    let strict = try Program.run(["doctor", "--strict"], ranks: ranks, in: directory)
    #expect(strict.exitCode == 69)
    #expect(strict.output.contains("\(ranks) ranks share "), "\(strict.output)")
  }

  @Test func aRunIsExaminedWithItsOwnSettings() throws {
    try FileManager.default.createDirectory(atPath: "\(directory)/r", withIntermediateDirectories: true)
    try Data("recipe: fashion\ndata: { directory: elsewhere }\n".utf8)
      .write(to: URL(filePath: "\(directory)/r/config.yaml"))
    let outcome = try Program.run(["doctor", "--run", "r"], in: directory)
    #expect(outcome.exitCode == 69 && outcome.output.contains("does not have the data elsewhere"), "\(outcome.output)")
  }

  @Test func wrongFlags() throws {
    let outcome = try Program.run(["doctor", "--threads", "0"], in: directory)
    #expect(outcome.exitCode == 64 && outcome.errors.contains("--threads takes 1 to 4096, not 0."), "\(outcome.errors)")
    #expect(try Program.run(["doctor", "--model", "fashion-7"], in: directory).exitCode == 65)
  }

  @Test func anotherProgramOnOneRankIsRefused() throws {
    // This is the same program except for a byte that is never read.
    let other = "\(directory)/prelu-dist"
    try ChildProcess.writeExecutable(Array(try Data(contentsOf: URL(filePath: Program.path))) + [0], to: other)
    let training = ["train", "--run", "run", "--iterations", "1"]
    let (process, _, errors) = try Program.mpirun(
      ["-np", "2", Program.path] + training + [":", "-np", "1", other] + training, in: directory)
    process.waitUntilExit()
    let text = try String(contentsOf: errors, encoding: .utf8)
    #expect(process.terminationStatus == 70, "\(text)")
    #expect(text.contains("rank 2 on host "), "\(text)")
    #expect(text.components(separatedBy: "runs another program").count == 2, "\(text)")
    #expect(!FileManager.default.fileExists(atPath: "\(directory)/run"))
  }
}
