import Foundation
import TestSupport
import Testing

/// Runs with every schedule and regularization beyond the paper's: the same bits on any ranks and resumed, also with
/// all of them at once; and what commands make of the moving average of the weights.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct RegularizationCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }
  private let iterations = 48

  init() throws {
    folder = try ScratchFolder()
  }

  /// All at once. An epoch ends after 40 iterations, and the rate falls over two.
  private static let everything = """
    augmentation: { erasing: 0.5 }
    training: { epochs: 2 }
    solver: { clipValue: 0.05, clipNorm: 0.5 }
    schedule: { kind: cosine, end: 0.0001, warmUp: 0.4, warmUpStart: 0.05 }
    regularization: { labelSmoothing: 0.1, mixup: 0.2, cutMix: 1, mixProbability: 0.8, averageDecay: 0.95 }
    """

  @discardableResult
  private func run(
    _ arguments: [String], ranks: Int? = nil, exitCode: Int32 = 0, _ place: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try Program.run(arguments, ranks: ranks, in: directory)
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)", sourceLocation: place)
    return outcome
  }

  /// Writes a recipe for the small data set with `settings`.
  private func recipe(_ settings: String, named name: String = "recipe.yaml") throws -> String {
    let small = try String(contentsOfFile: smallFashion(), encoding: .utf8)
    let kept = small.split(separator: "\n").filter { !$0.hasPrefix("training:") }.joined(separator: "\n")
    try folder.write(Array("\(kept)\n\(settings)\n".utf8), to: name)
    return folder.file(name)
  }

  private func options(_ recipe: String, _ run: String, _ iterations: Int) -> [String] {
    [
      "--recipe", recipe, "--width", "4", "--threads", "1", "--run", run, "--iterations", "\(iterations)", "--batch",
      "127",
    ]
  }

  private func digest(_ run: String) throws -> String { try Program.inspect(run, in: directory).digest }

  @Test func theSameBitsOnAnyRanksAndResumedWithEverything() throws {
    let recipe = try recipe(Self.everything)
    let outcome = try run(options(recipe, "one", iterations))
    let banner = [
      "rate   0.02, falling along a cosine to 0.0001 in 2 epochs; in the first 0.4 epochs it rises from 0.05 of that",
      "also   smoothing 0.1 of each label; mixing mixup with shares from B(0.2, 0.2) or CutMix with shares from "
        + "B(1, 1), probability 0.8; average of the weights, decay 0.95; "
        + "clipping of the gradient: each element to ±0.05, then the norm to 0.5",
    ]
    for line in banner { #expect(outcome.output.contains(line), "\(outcome.output)") }
    #expect(outcome.output.contains(" of the average "), "\(outcome.output)")
    let expected = try digest("one")
    for ranks in [2, 4] {
      try run(options(recipe, "ranks-\(ranks)", iterations), ranks: ranks)
      #expect(try digest("ranks-\(ranks)") == expected, "\(ranks) ranks")
    }
    // Once in the warm-up and once in the second epoch, each time on another number of ranks.
    try run(options(recipe, "cut", 7), ranks: 2)
    try run(["--resume", "cut", "--iterations", "41", "--threads", "1"], ranks: 4)
    try run(["--resume", "cut", "--iterations", "\(iterations)", "--threads", "2"])
    #expect(try digest("cut") == expected)
    let tables = ["metrics.csv", "average.csv", "progress.csv"]
    for table in tables where table != "metrics.csv" {
      #expect(try folder.bytes("cut/\(table)") == folder.bytes("one/\(table)"), "\(table)")
    }
    let inspected = try run(["inspect", "cut"]).output
    for line in ["smoothing      0.1 of each label", "with their moving average in /average"] {
      #expect(inspected.contains(line), "\(inspected)")
    }
    // The rate falls over the epochs of the run: with others it would be another run.
    let longer = try run(["--resume", "cut", "--epochs", "3"], exitCode: 64)
    #expect(longer.errors.contains("training.epochs was 2 and is now 3"), "\(longer.errors)")
  }

  /// Each by itself: a mistake in one must not hide behind the others.
  @Test(arguments: [
    "schedule: { kind: polynomial, epochs: 3, power: 2, warmUp: 0.3 }", "regularization: { labelSmoothing: 0.2 }",
    "regularization: { mixup: 0.4 }", "regularization: { cutMix: 1 }", "solver: { clipValue: 0.01 }",
    "solver: { clipNorm: 0.02 }", "regularization: { averageDecay: 0.9 }",
    "regularization: { mixup: 0.4, labelSmoothing: 0.1 }\ntraining: { sampling: balanced, classWeights: balanced }",
  ]) func theSameBitsWithEach(settings: String) throws {
    let path = try recipe(settings)
    let plain = try recipe("", named: "plain.yaml")
    try run(options(plain, "plain", 10))
    try run(options(path, "one", 10))
    try run(options(path, "cut", 4), ranks: 4)
    try run(["--resume", "cut", "--iterations", "10", "--threads", "1"], ranks: 2)
    #expect(try digest("cut") == digest("one"))
    #expect(try digest("one") != digest("plain"))
  }

  @Test func theAverageIsWhatARunGives() throws {
    let path = try recipe("training: { epochs: 1 }\nregularization: { averageDecay: 0.9 }")
    let trained = try Program.run(
      ["--recipe", path, "--width", "4", "--threads", "1", "--run", "run"], ranks: 2, in: directory)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    func errors(_ arguments: [String]) throws -> Int {
      let object = try JSONSerialization.jsonObject(with: Data(try run(arguments + ["--json"]).output.utf8))
      return try #require((object as? [String: Any])?["top1_errors"] as? Int)
    }
    let (average, plain) = (try errors(["evaluate", "run"]), try errors(["evaluate", "run", "--plain-weights"]))
    #expect(average != plain)
    #expect(trained.output.contains("test error of the best checkpoint's average: "), "\(trained.output)")
    #expect(trained.output.contains("\(average) of 1000 images") || trained.output.contains("\(average) and "))
    // Exported, and read back as the first weights of another run.
    let exported = try run(["export", "run", "--to", "safetensors", "-o", "average.safetensors"]).output
    #expect(exported.contains(", the moving average of its weights"), "\(exported)")
    try run(["export", "run", "--to", "safetensors", "-o", "plain.safetensors", "--plain-weights"])
    #expect(try folder.bytes("average.safetensors") != folder.bytes("plain.safetensors"))
    let fresh = try recipe("", named: "fresh.yaml")
    for (name, source) in [("from-run", "run"), ("from-export", "average.safetensors")] {
      try run(["--recipe", fresh, "--width", "4", "--run", name, "--iterations", "0", "--weights", source])
    }
    #expect(try digest("from-run") == digest("from-export"))
    #expect(try errors(["evaluate", "from-run"]) == average)
  }
}
