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

  /// Writes the recipe `own.yaml` of a small network for the photographs of a pack, 16×16 of them at a time.
  func writePhotoRecipe(pack: String, classes: Int, batch: Int, epochs: Int) throws {
    let recipe = """
      model:
        input: { channels: 3, height: 16, width: 16 }
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
          - spatialPyramidPooling: { name: spp, levels: [2, 1] }
          - fullyConnected: { name: fc1, outputs: \(classes) }
      data: { kind: pack, directory: \(pack), shorterSide: 20, validation: 0, scale: 0.015625 }
      augmentation: { padding: 0, mirror: true, shorterSide: [16, 24] }
      training: { batch: \(batch), epochs: \(epochs) }
      """
    try write(Array(recipe.utf8), to: "own.yaml")
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
