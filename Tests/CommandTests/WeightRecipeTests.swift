import Foundation
import TestSupport
import Testing

/// The words of a recipe on weights, and what options leave of them.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct WeightRecipeTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  /// Writes a recipe of the small runs.
  private func write(_ more: String, data: String = "", training: String = "") throws {
    let images = URL(filePath: try smallFashion()).deletingLastPathComponent().path + "/images"
    let recipe = """
      recipe: fashion
      model: { width: 4 }
      data: { directory: \(images), validation: 1000\(data.isEmpty ? "" : ", " + data) }
      training: { epochs: 1000\(training.isEmpty ? "" : ", " + training) }

      """
    try folder.write(Array((recipe + more).utf8), to: "own.yaml")
  }

  private func run(_ arguments: [String]) throws -> Program.Outcome {
    try Program.run(["--recipe", "own.yaml", "--threads", "1"] + arguments, in: directory)
  }

  /// Everything that a recipe can say of its source.
  private let section = "{ source: base, map: { conv1_2: conv1_2 }, anew: [fc1], slopes: 0.5, channels: bgr, "
  private let rest = "deviation: [64] }"

  /// The settings of a run that begins with a source, but for the source's name.
  private func settings(_ source: String) throws -> (settings: String, errors: String) {
    let outcome = try run(["--weights", source, "--print-config"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").filter { !$0.hasPrefix("  source: ") }
    #expect(outcome.output.contains("\n  source: "))
    return (lines.joined(separator: "\n"), outcome.errors)
  }

  @Test func theSameSourceByAnotherName() throws {
    try folder.train("base", iterations: 2)
    let digest = try folder.sourceDigest("base")
    try write("weights: \(section)digest: \(digest), \(rest)\n")
    for (copy, original) in [("copy", "base"), ("copied.h5", "base/checkpoint-2.h5")] {
      try FileManager.default.copyItem(atPath: folder.file(original), toPath: folder.file(copy))
    }
    for (link, original) in [("link", "base"), ("link.h5", "base/checkpoint-2.h5")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.file(link), withDestinationPath: folder.file(original))
    }
    let own = try settings("base")
    #expect(own.settings.contains(digest) && own.settings.contains("  channels: bgr\n"), "\(own)")
    for source in [
      "base/", "./base", "copy/../base", folder.file("base"), "link", "link/checkpoint-2.h5", "base/checkpoint-2.h5",
      "link.h5", "copy", "copied.h5",
    ] {
      let found = try settings(source)
      #expect(found == own, "\(source)")
    }
    // Another checkpoint of the run has another digest, and the same network and inputs.
    for source in ["base/checkpoint-0.h5", "link/checkpoint-0.h5"] {
      let found = try settings(source)
      func rest(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("  digest: ") } }
      #expect(rest(found.settings) == rest(own.settings) && found.errors.isEmpty, "\(source)")
      #expect(found.settings.contains("\n  digest: \"\"\n"), "\(source)")
    }
  }

  /// A run's settings say of its own source what is done: its weights are taken as they are.
  @Test func theSettingsOfARunAreNotOfItsWeights() throws {
    // Another seed, so that fc1 is another one.
    try folder.train("base", iterations: 0, ["--seed", "2"])
    try write("weights: { source: base, anew: [fc1], deviation: [64] }\n")
    let begun = try run(["--run", "begun", "--iterations", "0"])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    let again = try Program.run(
      ["--recipe", "begun/config.yaml", "--weights", "begun", "--print-config"], in: directory)
    #expect(again.exitCode == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(again.output.contains("\n  source: begun\n") && again.output.contains("\n  anew: []\n"), "\(again)")
  }

  @Test func frozenLayersThatAreDrawnAreTold() throws {
    try write("")
    let outcome = try run(["--freeze", "conv*", "--print-config"])
    #expect(
      outcome.exitCode == 0
        && outcome.errors.contains(
          "warning: training.frozen: expected weights to begin with, found none: the frozen layers stay as they are "
            + "drawn. Give --weights, unless that is meant"),
      "\(outcome.errors)")
  }

  /// A preview leaves a folder to the next start, whose weights may be drawn.
  @Test func theAccountIsOfTheRunThatHasIt() throws {
    try folder.train("base", iterations: 0)
    try folder.train("shown", iterations: 0, ["--weights", "base", "--preview", "4"])
    #expect(FileManager.default.fileExists(atPath: folder.file("shown/weights.txt")))
    try folder.train("shown", iterations: 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("shown/weights.txt")))
  }

  /// A warning names what is left out, wherever the run is described.
  @Test func whatIsLeftOutForAnotherSourceIsTold() throws {
    try folder.train("base", iterations: 0)
    try folder.train("other", iterations: 0)
    try write("weights: \(section)\(rest)\n")
    let warning =
      "weights.map, weights.anew, weights.slopes, weights.channels, weights.deviation: the recipe says this of its own "
      + "source, base, and it is left out for other: give it in a recipe with that source if it holds there\n"
    for options in [["--print-config"], ["--dry-run"], ["--iterations", "0", "--quiet"]] {
      let outcome = try run(["--weights", "other", "--run", "third"] + options)
      #expect(
        outcome.exitCode == 0 && outcome.errors == "prelu-dist: warning: \(warning)", "\(options): \(outcome.errors)")
    }
    let account = try String(contentsOfFile: folder.file("third/weights.txt"), encoding: .utf8)
    #expect(account.hasSuffix("\nwarning\t\(warning)"), "\(account)")
    // What an option says is not left out.
    let named = try run(["--weights", "other", "--anew", "fc2", "--run", "fourth", "--iterations", "0"])
    #expect(
      named.errors.contains("warning: weights.map, weights.slopes, weights.channels, weights.deviation: the recipe ")
        && named.errors.contains(
          "warning: --anew: fc2 takes the place of the recipe's weights.anew, fc1: give that as well, --anew 'fc1', to "
            + "keep it\n"),
      "\(named.errors)")
  }

  @Test func aRunIsContinuedWithItsSourceByAnotherName() throws {
    try folder.train("base", iterations: 0)
    try folder.train("other", iterations: 0, ["--seed", "2"])
    try folder.train("tuned", iterations: 1, ["--weights", "base"])
    for (iterations, source) in [("2", "./base"), ("3", "base/checkpoint-0.h5")] {
      let outcome = try Program.run(
        ["--resume", "tuned", "--weights", source, "--iterations", iterations, "--threads", "1"], in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let refused = try Program.run(["--resume", "tuned", "--weights", "other"], in: directory)
    #expect(
      refused.exitCode == 64 && refused.errors.contains("weights.source was base and is now other"), "\(refused.errors)"
    )
  }

  @Test func frozenLayersAreTold() throws {
    try folder.train("base", iterations: 0)
    try write("weights: { source: base }\n", training: "frozen: [conv2*], rates: { fc2: 10 }")
    for options in [["--dry-run"], ["--iterations", "0"]] {
      let outcome = try run(["--run", "frozen"] + options)
      #expect(
        outcome.exitCode == 0 && outcome.errors.isEmpty
          && outcome.output.contains("\nalso   frozen conv2_1, conv2_2; rates fc2 ×10.0\n"), "\(outcome)")
    }
    let replaced = try run(["--freeze", "conv1*", "--freeze", "conv3*", "--run", "other", "--iterations", "0"])
    #expect(
      replaced.output.contains("\nalso   frozen conv1_1, conv1_2, conv3_1, conv3_2; rates"), "\(replaced.output)")
    #expect(
      replaced.errors == """
        prelu-dist: warning: --freeze: conv1*, conv3* take the place of the recipe's training.frozen, conv2*: give \
        that as well, --freeze 'conv2*', to keep it

        """)
    let kept = try run(["--freeze", "conv2*", "--freeze", "conv1*", "--freeze", "conv3_1", "--dry-run"])
    #expect(
      kept.errors.isEmpty && kept.output.contains("\nalso   frozen conv1_1, conv1_2, … conv3_1: 5; rates fc2"),
      "\(kept)")
  }

  /// Words on weights that are not there would do nothing.
  @Test(arguments: [
    ("deviation: [64]", "deviation"), ("channels: bgr", "channels"), ("anew: [fc2]", "anew"), ("slopes: 1", "slopes"),
    ("map: { fc1: ip1 }", "map"),
  ]) func weightsWithoutASource(setting: String, key: String) throws {
    try write("weights: { \(setting) }\n")
    let outcome = try run(["--run", "r", "--iterations", "0"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    #expect(
      outcome.errors == """
        prelu-dist: weights.\(key): expected weights to begin with, found none: give --weights or weights.source, or \
        leave weights.\(key) out

        """)
    #expect(!FileManager.default.fileExists(atPath: folder.file("r")))
  }

  /// PyTorch's networks are published with the mean and the deviation of pixels of 0 to 1.
  @Test func numbersForPixelsOfZeroToOneAreDoubted() throws {
    try folder.train("base", iterations: 0)
    try write("weights: { source: base, deviation: [0.25] }\n", data: "mean: [0.485]")
    for options in [["--dry-run"], ["--iterations", "0"]] {
      let outcome = try run(["--run", "r"] + options)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(
        outcome.errors.hasPrefix(
          """
          prelu-dist: warning: data.mean: expected numbers in pixels of 0 to 255, found 0.485, as for pixels of 0 to \
          1: give [123.675] if that is meant
          prelu-dist: warning: weights.deviation: expected numbers in pixels of 0 to 255, found 0.25, as for pixels of \
          0 to 1: give [63.75] if that is meant

          """), "\(outcome.errors)")
    }
    try write("", data: "mean: [0]")
    #expect(try run(["--run", "black", "--iterations", "0"]).errors.isEmpty)
  }

  /// The inputs are less another mean than those that the weights were trained with.
  @Test func anotherMeanThanTheSourcesIsTold() throws {
    try folder.train("base", iterations: 0)
    try write("weights: { source: base }\n", data: "mean: [10]")
    let outcome = try run(["--run", "r", "--iterations", "0"])
    #expect(
      outcome.exitCode == 0
        && outcome.errors.hasPrefix(
          "prelu-dist: warning: base/checkpoint-0.h5: expected inputs less the mean that the weights were trained "
            + "with, "),
      "\(outcome.errors)")
    try write("weights: { source: base }\n")
    #expect(try run(["--run", "same", "--iterations", "0"]).errors.isEmpty)
  }

  /// Patterns name layers to begin anew as they name layers to freeze.
  @Test func layersBeginAnewByAPattern() throws {
    try folder.train("base", iterations: 0)
    let outcome = try folder.train("r", iterations: 0, ["--weights", "base", "--anew", "fc*"])
    #expect(outcome.output.contains("\n       anew    fc1, fc2 (as asked)\n"), "\(outcome.output)")
  }
}
