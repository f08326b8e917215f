import Foundation
import TestSupport
import Testing

/// Tests of `--precision` besides those of its bits, which are in `ReproducibilityTests`.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PrecisionCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func algorithms(_ options: [String]) throws -> [String: String] {
    let outcome = try Program.run(["inspect", "--model", "A", "--algorithms", "--json"] + options, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try JSONDecoder().decode([String: String].self, from: Data(outcome.output.utf8))
  }

  @Test func algorithmsAreThoseOfThePrecision() throws {
    let (float32, bfloat16) = (try algorithms([]), try algorithms(["--precision", "bfloat16"]))
    #expect(float32.count == bfloat16.count && !float32.isEmpty)
    #expect(float32.values.allSatisfy { !$0.contains("bfloat16") && !$0.contains("rounded") }, "\(float32)")
    #expect(
      bfloat16.values.allSatisfy { $0.contains("bfloat16 tiles") || $0.contains("rounded operands") }, "\(bfloat16)")
    let tiles = try algorithms(["--precision", "bfloat16", "--convolution", "tiles"])
    #expect(tiles.values.allSatisfy { $0.contains("bfloat16 tiles") }, "\(tiles)")
  }

  @Test(arguments: [["inspect", "--model", "A"], ["train", "--print-config"], ["bench", "dense"]])
  func tilesMultiplyBFloat16Only(command: [String]) throws {
    let outcome = try Program.run(command + ["--convolution", "tiles"], in: directory)
    #expect(outcome.exitCode == 64)
    #expect(
      outcome.errors.contains(
        "--convolution tiles multiplies bfloat16, and the precision is float32: add --precision bfloat16, or leave "
          + "--convolution out"), "\(outcome.errors)")
  }

  @Test func thePrecisionIsASetting() throws {
    for (options, precision) in [([], "float32"), (["--precision", "bfloat16"], "bfloat16")] {
      let outcome = try Program.run(["train", "--print-config"] + options, in: directory)
      #expect(outcome.output.contains("\n  precision: \(precision)\n"), "\(outcome.output)")
    }
    let wrong = try Program.run(["train", "--precision", "float16"], in: directory)
    #expect(wrong.exitCode == 64 && wrong.errors.contains("'float16' is invalid for '--precision"), "\(wrong.errors)")
  }

  /// Each result is held against its reference before it is timed.
  @Test func benchmarksMultiplyInEitherPrecision() throws {
    for method in ["tiles", "winograd"] {
      let outcome = try Program.run(
        [
          "bench", "convolution", "--recipe", "fashion", "--precision", "bfloat16", "--convolution", method, "--batch",
          "1", "--runs", "1",
        ], in: directory)
      #expect(outcome.exitCode == 0 && outcome.output.contains("bfloat16 by"), "\(outcome.errors)")
    }
    for (options, words) in [
      (["step", "--recipe", "fashion", "--batch", "4", "--runs", "1"], "fashion-6, bfloat16, mini-batch 4"),
      (["step", "--model", "fashion-30", "--batch", "1", "--runs", "1"], "fashion-30, bfloat16, mini-batch 1"),
      (["dense", "--recipe", "fashion", "--scale", "40", "--runs", "1"], "fashion-6, bfloat16, 55×40"),
      (
        ["scaling", "--model", "fashion-6", "--images", "2", "--repetitions", "1", "--check-batch", "0"],
        "fashion-6, bfloat16, mini-batch 128"
      ),
    ] {
      let outcome = try Program.run(["bench"] + options + ["--precision", "bfloat16"], in: directory)
      #expect(outcome.exitCode == 0 && outcome.output.contains(words), "\(outcome.output) \(outcome.errors)")
    }
  }
}
