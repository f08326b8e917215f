import Foundation
import TestSupport
import Testing

/// Small runs on Fashion-MNIST, and Python programs, in a folder.
extension ScratchFolder {
  @discardableResult
  func train(_ run: String, iterations: Int, ranks: Int? = nil, _ more: [String] = []) throws -> Program.Outcome {
    let outcome = try Program.run(
      ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--run", run, "--iterations", "\(iterations)"]
        + more, ranks: ranks, in: path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return outcome
  }

  /// The digest of a source of weights, as a run that begins with it keeps it.
  func sourceDigest(_ source: String) throws -> String {
    try train("begun", iterations: 0, ["--weights", source])
    defer { try? FileManager.default.removeItem(atPath: file("begun")) }
    let account = try String(contentsOfFile: file("begun/weights.txt"), encoding: .utf8)
    let line = try #require(account.split(separator: "\n").first { $0.hasPrefix("digest\t") })
    return String(line.dropFirst("digest\t".count))
  }

  /// Runs a program of Python's with h5py and NumPy here.
  func python(_ program: String) throws {
    let outcome = try ChildProcess.capture("/usr/bin/python3", ["-c", "import h5py, numpy\n\(program)"], in: path)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
  }
}
