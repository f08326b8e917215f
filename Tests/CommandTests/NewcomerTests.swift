import Foundation
import TestSupport
import Testing

/// Tests of what a person meets who uses the program for the first time: misspelled commands, limits that are passed
/// already, settings that do not do what one thinks.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct NewcomerTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func train(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(
      ["--recipe", try smallFashion(), "--width", "4", "--threads", "1"] + arguments, in: directory)
  }

  @Test(arguments: [
    (["trian"], "expected a command, found trian. Did you mean train? There are train, evaluate, compare, predict, "),
    (["help", "evalaute"], "expected a command, found evalaute. Did you mean evaluate? There are train, "),
    (["help", "bogus"], "expected a command, found bogus. There are train, "),
    (["bench", "setp"], "expected a command of bench, found setp. Did you mean step? There are convolution, step, "),
    (["help", "bench", "bogus"], "expected a command of bench, found bogus. There are convolution, "),
  ])
  func misspelledCommandsAreNamed(arguments: [String], text: String) throws {
    let outcome = try Program.run(arguments, in: directory)
    #expect(outcome.exitCode == 64 && outcome.errors.hasPrefix("prelu-dist: \(text)"), "\(outcome.errors)")
    #expect(outcome.output.isEmpty, "\(outcome.output)")
  }

  @Test(arguments: [["help"], ["help", "train"], ["help", "bench", "step"], ["--help"], ["bench", "--help"]])
  func helpIsGiven(arguments: [String]) throws {
    let outcome = try Program.run(arguments, in: directory)
    #expect(outcome.exitCode == 0 && outcome.output.contains("USAGE: prelu-dist"), "\(outcome.errors)")
  }

  @Test func aLayerAtFaultHasItsLine() throws {
    let yaml = """
      model:
        input: { channels: 1, height: 28, width: 28 }
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3 }
          - maxPooling: { name: pool1, size: 40 }
          - fullyConnected: { name: fc, outputs: 10 }
      """
    for (from, to, line, key) in [
      ("size: 40", "size: 40", 5, "model.layers.2: layer pool1: its 40×40 window does not fit a 26×26 map"),
      ("size: 40", "size: 2, stride: 0", 5, "model.layers.2: layer pool1: expected the stride from 1"),
      ("name: fc", "name: conv1", 6, "model.layers.3: layer conv1: the name conv1 is taken by another layer"),
      ("name: conv1", "name: a b", 4, "model.layers.1: a layer's name is 1 to 100 letters"),
    ] {
      try folder.write(Array(yaml.replacingOccurrences(of: from, with: to).utf8), to: "own.yaml")
      let outcome = try Program.run(["inspect", "--recipe", "own.yaml"], in: directory)
      #expect(outcome.exitCode == 65, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("prelu-dist: own.yaml:\(line): \(key)"), "\(outcome.errors)")
    }
  }

  @Test func theRecipesArchitectureHasTheRecipesWidth() throws {
    let (model, recipe) = (
      try Program.run(["inspect", "--model", "fashion-6"], in: directory),
      try Program.run(["inspect", "--recipe", "fashion"], in: directory)
    )
    #expect(model.exitCode == 0 && model.output == recipe.output, "\(model.output) \(recipe.output)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func limitsAreCountedFromTheRunsBeginning() throws {
    let first = try train("--run", "r", "--iterations", "3")
    #expect(first.output.contains("stopped after 3 iterations, as asked; checkpoint saved\n"), "\(first.output)")
    let again = try train("--resume", "r", "--iterations", "2")
    let words =
      "nothing was trained: the run has done 3 iterations already, and --iterations 2 counts those of the whole"
    #expect(again.exitCode == 0 && again.output.contains(words), "\(again.output)")
    let line = first.output.split(separator: "\n").first { $0.contains("  iteration ") }
    #expect(line?.contains("iteration 1/3 ") == true, "\(first.output)")
  }

  @Test(
    .enabled(if: hasFashionMNIST),
    arguments: [
      ("12", "0.02, divided by 10 after epoch 9; the drop after epoch 12 comes too late for a run of 12 epochs"),
      ("3", "0.02 throughout; the drops after epochs 9 and 12 come too late for a run of 3 epochs"),
      ("13", "0.02, divided by 10 after epochs 9 and 12"),
    ])
  func theBannerTellsWhenTheRateDrops(epochs: String, text: String) throws {
    let outcome = try train("--run", "r", "--iterations", "1", "--epochs", epochs)
    #expect(outcome.output.contains("\nrate   \(text)\n"), "\(outcome.output) \(outcome.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func unfinishedCheckpointsAreNamed() throws {
    #expect(try train("--run", "r", "--iterations", "1").exitCode == 0)
    try folder.write([1, 2, 3], to: "r/checkpoint-9.h5.tmp.1-a.77")
    let outcome = try train("--resume", "r", "--iterations", "2")
    #expect(
      outcome.errors.contains(
        """
        prelu-dist: warning: r/checkpoint-9.h5: expected a whole checkpoint, found one that its process did not \
        finish: it is removed, and the run continues from the one before

        """), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r/checkpoint-9.h5.tmp.1-a.77")))
  }

  @Test(.enabled(if: hasFashionMNIST)) func anUntrainedCheckpointIsNotAveraged() throws {
    #expect(try train("--run", "r", "--iterations", "2", "--checkpoint-every", "1").exitCode == 0)
    let outcome = try Program.run(["average", "r", "-o", "mean.h5"], in: directory)
    #expect(
      outcome.output == """
        r/checkpoint-0.h5: left out, because it is from before the training
        mean.h5: the average of 2 checkpoints up to iteration 2

        """, "\(outcome.output) \(outcome.errors)")
    #expect(try train("--run", "new", "--iterations", "0").exitCode == 0)
    let none = try Program.run(["average", "new", "-o", "none.h5"], in: directory)
    #expect(none.exitCode == 66 && none.errors.contains("expected 1 trained checkpoint or more"), "\(none.errors)")
  }

  /// Three classes have no top-5 error; a pack tells how many pictures each of its classes has.
  @Test func fewClasses() throws {
    for (name, count) in [("ant", 3), ("bee", 2), ("cow", 2)] {
      for number in 0..<count { try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/\(name)/\(number).png") }
    }
    let packed = try Program.run(
      ["pack", "photos", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"], in: directory)
    #expect(packed.exitCode == 0, "\(packed.errors)")
    let inspected = try Program.run(["inspect", "photos.h5"], in: directory).output
    let classes = "classes        3\n  0  ant (3 training)\n  1  bee (2 training)\n  2  cow (2 training)\n"
    #expect(inspected.contains(classes) && inspected.contains("skipped        0 files\n"), "\(inspected)")
    let recipe = """
      recipe: photos
      model:
        input: { channels: 3, height: 32, width: 32 }
        layers:
          - convolution: { name: conv1, filters: 2, kernel: 3, stride: 4 }
          - fullyConnected: { name: fc, outputs: 3 }
      data: { directory: photos.h5, validation: 2, shorterSide: 36 }
      augmentation: { shorterSide: [36, 40] }
      training: { batch: 2, epochs: 1 }
      schedule: { kind: steps, epochs: [] }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    let trained = try Program.run(["--recipe", "own.yaml", "--run", "r"], in: directory)
    #expect(
      trained.exitCode == 0 && trained.output.contains("validation error "), "\(trained.output) \(trained.errors)")
    #expect(trained.output.contains("done: 1 epoch, "), "\(trained.output)")
    #expect(!trained.output.contains("top-5") && !trained.output.contains(" / "), "\(trained.output)")
    let measured = try Program.run(["evaluate", "r", "--split", "validation"], in: directory)
    #expect(measured.output.contains("top-1 error ") && !measured.output.contains("top-5"), "\(measured.output)")
  }
}
