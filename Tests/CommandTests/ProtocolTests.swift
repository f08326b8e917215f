import Foundation
import TestSupport
import Testing

/// Tests of the paper's testing protocols in `evaluate` and `predict`, against what Tests/Golden/protocols.py computes
/// from the same checkpoints.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI && hasH5py)) struct ProtocolTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }
  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/protocols.py").path

  /// Two networks of different depths, kernels and pyramids, whose scores are far apart.
  private static func recipe(_ layers: String) -> String {
    """
    model:
      activation: prelu
      input: { channels: 3, height: 32, width: 32 }
      fullyConnectedDeviation: [0.3, 0.3]
      layers:
    \(layers)
    data: { kind: pack, directory: photos.h5, shorterSide: 40, validation: 0, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [32, 80], color: 0.1 }
    training: { batch: 8, epochs: 1 }
    schedule: { kind: steps, epochs: [] }
    """
  }

  private static let first = """
        - convolution: { name: conv1, filters: 9, kernel: 3, padding: 1, stride: 2 }
        - maxPooling: { name: pool1, size: 2, stride: 2 }
        - convolution: { name: conv2, filters: 20, kernel: 3, padding: 1 }
        - spatialPyramidPooling: { name: spp, levels: [3, 2, 1] }
        - fullyConnected: { name: fc1, outputs: 17 }
        - fullyConnected: { name: fc2, outputs: 2 }
    """
  private static let second = """
        - convolution: { name: conv1, filters: 16, kernel: 2, padding: 1, activation: relu }
        - maxPooling: { name: pool1, size: 3, stride: 3 }
        - convolution: { name: conv2, filters: 10, kernel: 2 }
        - spatialPyramidPooling: { name: spp, levels: [2, 1] }
        - fullyConnected: { name: fc1, outputs: 2 }
    """

  /// A network without a pyramid: its windows overlap, and the last map's is averaged as a whole.
  private static let third = """
        - convolution: { name: conv1, filters: 9, kernel: 3, padding: 1, stride: 2 }
        - averagePooling: { name: pool1, size: 3, stride: 2 }
        - convolution: { name: conv2, filters: 20, kernel: 3, padding: 1 }
        - averagePooling: { name: average, size: 7, stride: 1 }
        - fullyConnected: { name: fc1, outputs: 17 }
        - fullyConnected: { name: fc2, outputs: 2 }
    """

  /// Six pictures of two classes, packed, and three networks trained on them.
  private static let prepared = PreparedFolder { folder in
    let made = try ChildProcess.capture(python, [script, "pictures", "\(folder.path)/photos"])
    try #require(made.exitCode == 0, "\(made.errors)")
    try folder.copy("\(folder.path)/photos", to: "test")
    let packed = try Program.run(
      ["pack", "photos", "-o", "photos.h5", "--test", "test", "--mean-side", "40", "--mean-crop", "32"],
      in: folder.path)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    for (name, layers) in [("first", first), ("second", second), ("third", third)] {
      try recipe(layers).write(toFile: "\(folder.path)/\(name).yaml", atomically: true, encoding: .utf8)
      let trained = try Program.run(
        ["train", "--recipe", "\(name).yaml", "--run", name, "--iterations", "1", "--learning-rate", "0.0001"],
        in: folder.path)
      try #require(trained.exitCode == 0, "\(trained.errors)")
    }
  }

  init() throws {
    folder = try Self.prepared.copy()
  }

  /// Returns the probabilities of class 0, of two, by the pictures' names.
  private func expected(_ runs: [String], _ arguments: [String]) throws -> [String: Double] {
    let pictures = pictures()
    let outcome = try ChildProcess.capture(
      python,
      [Self.script, "scores"] + runs.map { "\(directory)/\($0)/checkpoint-1.h5" } + ["--pictures"]
        + pictures.map { "\(directory)/\($0)" } + arguments)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    let scores = try JSONDecoder().decode([[Double]].self, from: Data(outcome.output.utf8))
    return Dictionary(uniqueKeysWithValues: zip(pictures, scores.map { $0[0] }))
  }

  private func pictures() -> [String] {
    (FileManager.default.enumerator(atPath: "\(directory)/photos")?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".png") }.sorted().map { "photos/\($0)" }
  }

  private struct Prediction: Decodable {
    struct Guess: Decodable {
      let `class`: Int
      let probability: Double
    }
    let image: String
    let top5: [Guess]
  }

  private static let tests = [
    ["--protocol", "center"], ["--protocol", "center", "--mirror"], ["--protocol", "10-view"],
    ["--protocol", "dense"], ["--protocol", "dense", "--no-mirror", "--scales", "53"],
    ["--protocol", "dense", "--scales", "32,40,47"], ["--protocol", "10-view", "--scales", "40,64"],
    ["--protocol", "dense", "--average", "logits"],
  ]

  /// The options of the script, which mirrors only where it is told to.
  private func translated(_ arguments: [String]) -> [String] {
    let isDense = arguments.contains("dense") && !arguments.contains("--no-mirror")
    return arguments.filter { $0 != "--no-mirror" } + (isDense ? ["--mirror"] : [])
  }

  /// Compares probabilities to 1e-4, as closely as PyTorch would agree; single precision leaves about 1e-6.
  @Test(arguments: ["first", "third"]) func predictGivesTheProbabilitiesOfTheDefinition(run: String) throws {
    for arguments in Self.tests {
      let expected = try expected([run], translated(arguments))
      let outcome = try Program.run(["predict", run, "photos", "--json"] + arguments, in: directory)
      try #require(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
      let lines = outcome.output.split(separator: "\n")
      try #require(lines.count == expected.count)
      for line in lines {
        let prediction = try JSONDecoder().decode(Prediction.self, from: Data(line.utf8))
        let own = try #require(prediction.top5.first { $0.class == 0 }).probability
        let other = try #require(expected[prediction.image])
        #expect(abs(own - other) < 1e-4, "\(arguments), \(prediction.image): \(own), expected \(other)")
      }
      #expect(
        (expected.values.max() ?? 0) - (expected.values.min() ?? 0) > 0.01, "\(arguments) say nothing: \(expected)")
    }
  }

  @Test func filesAreWrittenAndCompared() throws {
    func run(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(arguments, in: directory)
    }
    for name in ["first", "second"] {
      let outcome = try run("evaluate", name, "--classes", "\(name).csv", "--results", "results.csv")
      try #require(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let both = try run("evaluate", "first", "second", "--results", "results.csv", "--predictions", "both.h5")
    try #require(both.exitCode == 0, "\(both.errors)")
    func rows(_ file: String) throws -> [[Substring]] {
      try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8).split(separator: "\n")
        .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }
    let results = try rows("results.csv")
    #expect(results.count == 4 && results[0][9] == "top1_errors" && results.allSatisfy { $0.count == 15 })
    #expect(results[3][1] == "first/checkpoint-1.h5 second/checkpoint-1.h5" && results[3][8] == "6")

    // By class the errors add up, and `compare` says what differs.
    let (first, second) = (try rows("first.csv").dropFirst(), try rows("second.csv").dropFirst())
    for (table, result) in [(first, results[1]), (second, results[2])] {
      #expect(table.map { Int($0[3]) ?? -1 }.reduce(0, +) == Int(result[9]), "\(table), \(result)")
      #expect(table.map { Int($0[2]) ?? -1 } == [3, 3])
    }
    let gains = zip(first, second).map { (Int($0[3]) ?? 0) - (Int($1[3]) ?? 0) }
    let compared = try run("compare", "first.csv", "second.csv")
    let counts =
      "\(gains.count { $0 > 0 }) better, \(gains.count { $0 == 0 }) unchanged, \(gains.count { $0 < 0 }) worse"
    #expect(compared.output.contains(counts), "\(compared.output), expected \(counts)")

    let script = """
      import h5py; f = h5py.File('both.h5'); print(list(f['index'][()]), f['score'][()].sum(1).round(6).tolist(), \
      [n.decode() for n in f['class_names'][()]], [n.decode() for n in f['name'][()]])
      """
    let read = try ChildProcess.capture(python, ["-c", "import os; os.chdir('\(directory)')\n\(script)"])
    let names = pictures().map { "'\($0.dropFirst("photos/".count))'" }.joined(separator: ", ")
    let expected = "[0, 1, 2, 3, 4, 5] [1.0, 1.0, 1.0, 1.0, 1.0, 1.0] ['class 0', 'class 1'] [\(names)]\n"
    #expect(read.output == expected, "\(read)")

    // The seed determines the subset, whichever command draws it.
    let subsets = try ["4", "4", "5"].map { seed in
      let outcome = try run("evaluate", "first", "--subset", "3", "--seed", seed, "--predictions", "s.csv")
      try #require(outcome.exitCode == 0, "\(outcome.errors)")
      return try rows("s.csv").dropFirst().map { $0[0] }
    }
    #expect(subsets[0].count == 3 && subsets[0] == subsets[1] && subsets[0] != subsets[2], "\(subsets)")
  }

  @Test func namesComeFromStandardInputToo() throws {
    let list = pictures().joined(separator: "\n") + "\n"
    try list.write(toFile: "\(directory)/names", atomically: true, encoding: .utf8)
    let piped = try ChildProcess.capture(
      "/bin/sh", ["-c", "cd '\(directory)' && '\(Program.path)' predict first - --json < names"])
    let listed = try Program.run(["predict", "first", "--json"] + pictures(), in: directory)
    let inside = try Program.run(["predict", "first", "photos", "--json"], in: directory)
    #expect(piped.exitCode == 0 && piped.output.split(separator: "\n").count == pictures().count, "\(piped.errors)")
    #expect(piped.output == listed.output && inside.output == listed.output)
  }

  /// Two models, and the same on any number of ranks.
  @Test func evaluateAveragesModelsOnAnyRanks() throws {
    // A pack's pictures are in the order of its classes.
    let names = pictures()
    for arguments in [["--protocol", "dense", "--scales", "40,48"], ["--protocol", "10-view", "--average", "logits"]] {
      let expected = try expected(["first", "second"], translated(arguments))
      var files: Set<String> = []
      var outputs: Set<String> = []
      for ranks in [nil, 2, 3, 4] {
        let outcome = try Program.run(
          ["evaluate", "first", "second", "--json", "--predictions", "p.csv", "--classes", "c.csv"] + arguments,
          ranks: ranks, in: directory)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        outputs.insert(outcome.output)
        files.insert(
          try ["p.csv", "c.csv"].map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }.joined())
      }
      #expect(files.count == 1 && outputs.count == 1, "\(arguments): \(outputs) \(files)")
      let rows = try String(contentsOfFile: "\(directory)/p.csv", encoding: .utf8).split(separator: "\n").dropFirst()
      try #require(rows.count == names.count)
      var errors = 0
      for row in rows {
        let fields = row.split(separator: ",", omittingEmptySubsequences: false)
        let name = names[try #require(Int(fields[0]))]
        let isFirst = fields[2] == "0"
        let own = try #require(Double(fields[isFirst ? 3 : 5]))
        let other = try #require(expected[name])
        #expect(abs(own - other) < 1e-4, "\(arguments), \(name): \(own), expected \(other)")
        if fields[1] != fields[2] { errors += 1 }
      }
      #expect(outputs.first?.contains("\"top1_errors\":\(errors)") == true, "\(outputs)")
    }
  }
}
