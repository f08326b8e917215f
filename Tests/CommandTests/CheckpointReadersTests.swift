import Foundation
import Testing

/// Debian's Python, which has h5py and NumPy where `scripts/setup --tests` has been.
let python = "/usr/bin/python3"
let hasH5py =
  FileManager.default.isExecutableFile(atPath: python)
  && (try? Program.capture(python, ["-c", "import h5py, numpy"]).exitCode) == 0

/// What others read in a checkpoint, with no help of this program.
@Suite(.serialized, .enabled(if: hasFashionMNIST && isOutsideMPI && hasH5py)) struct CheckpointReadersTests {
  private struct Foreign: Decodable {
    let shapes: [String: [Int]]
    let scores: [[Double]]
  }
  private struct ForeignDigests: Decodable {
    let tensors: Int
    let others: [String]
    let network: String
  }
  private struct Prediction: Decodable { let scores: [Double] }

  private let folder: TestFolder
  private var directory: String { folder.path }
  private let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden")

  init() throws {
    folder = try TestFolder()
  }

  /// Layouts as promised, (filters, channels, height, width) and (outputs, inputs); and the scores that NumPy computes
  /// from them in Double are those of `predict`, to 1e-4: single precision leaves about 1e-6 of scores of 1 to 10.
  @Test func h5pyAndNumPyComputeTheScoresOfPredict() throws {
    let recipe = golden.appending(path: "own.yaml").path
    let trained = try Program.run(
      ["--recipe", recipe, "--run", "run", "--iterations", "30", "--learning-rate", "0.05"], ranks: 2, in: directory)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let count = 6
    let foreign = try Program.capture(
      python, [golden.appending(path: "forward.py").path, "\(directory)/run/checkpoint-30.h5", "\(count)"])
    try #require(foreign.exitCode == 0, "\(foreign.errors)")
    let read = try JSONDecoder().decode(Foreign.self, from: Data(foreign.output.utf8))
    #expect(
      read.shapes == [
        "conv1/0": [12, 1, 5, 5], "conv1/1": [12], "conv1_prelu/0": [12],
        "conv2/0": [20, 12, 3, 3], "conv2/1": [20], "conv2_prelu/0": [],
        "conv3/0": [18, 20, 2, 2], "conv3/1": [18],
        "fc1/0": [33, 18 * 21], "fc1/1": [33], "fc1_prelu/0": [33], "fc2/0": [10, 33], "fc2/1": [10],
      ])

    let predicted = try Program.run(
      ["predict", "run", "--json"] + (0..<count).flatMap { ["--test-image", "\($0)"] }, in: directory)
    let lines = predicted.output.split(separator: "\n")
    try #require(lines.count == count, "\(predicted.errors)")
    for (line, scores) in zip(lines, read.scores) {
      let own = try JSONDecoder().decode(Prediction.self, from: Data(line.utf8)).scores
      try #require(own.count == scores.count)
      let difference = zip(own, scores).map { abs($0 - $1) }.max() ?? .infinity
      #expect(difference < 1e-4, "\(own) and \(scores)")
      #expect((scores.max() ?? 0) - (scores.min() ?? 0) > 0.1, "scores that say nothing: \(scores)")
    }
  }

  /// The digest of each parameter, of its momentum, of the mean, and of them all are what Python's hashlib gives.
  @Test func hashlibTakesTheSameDigests() throws {
    let recipe = golden.appending(path: "own.yaml").path
    let trained = try Program.run(["--recipe", recipe, "--run", "run", "--iterations", "2"], in: directory)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let foreign = try Program.capture(
      python, [golden.appending(path: "digests.py").path, "\(directory)/run/checkpoint-2.h5"])
    try #require(foreign.exitCode == 0, "\(foreign.errors)")
    let read = try JSONDecoder().decode(ForeignDigests.self, from: Data(foreign.output.utf8))
    #expect(read.tensors == 2 * 13)
    #expect(read.others == [])
    #expect(try Program.inspect("run", in: directory).digest == read.network)
  }
}
