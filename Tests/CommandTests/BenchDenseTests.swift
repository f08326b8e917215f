import Foundation
import TestSupport
import Testing

/// Tests of `bench dense` as a person runs it.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct BenchDenseTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func run(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["bench", "dense"] + arguments, in: folder.path)
  }

  @Test func measuresAndVerifies() throws {
    let outcome = try run(
      "--model", "fashion-6", "--scale", "40", "--aspect", "1.5", "--runs", "1", "--threads", "2", "--json")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(report["height"] as? Int == 40 && report["width"] as? Int == 60 && report["threads"] as? Int == 2)
    // These are the windows of the picture and of its mirror image.
    #expect((report["windows"] as? Int ?? 1) % 2 == 0 && report["windows"] as? Int ?? 0 > 2)
    let (seconds, expected) = (report["seconds"] as? Double ?? 0, report["expectedSeconds"] as? Double ?? 0)
    #expect(seconds > 0 && expected > 0)
    #expect(abs((report["percentOfTraining"] as? Double ?? 0) - 100 * expected / seconds) < 1e-6)
    #expect(report["relativeError"] as? Double ?? 1 < 1e-3 && report["peakMegabytes"] as? Double ?? 0 > 1)
    let text = try run("--model", "fashion-6", "--scale", "32", "--runs", "1").output
    #expect(text.contains("44×32 and its mirror image") && text.contains("relative error"), "\(text)")
  }

  @Test(arguments: [
    (["--scale", "0"], 64, "--scale takes 1 to 16384 pixels, not 0."),
    (["--runs", "0"], 64, "--runs takes 1 to 1000000, not 0."),
    (["--model", "fashion-6", "--scale", "20"], 64, "smaller than the network's input of 28×28"),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, text: String) throws {
    let outcome = try Program.run(["bench", "dense"] + arguments, in: folder.path)
    #expect(outcome.exitCode == exitCode && outcome.errors.contains(text), "\(outcome.errors)")
  }
}
