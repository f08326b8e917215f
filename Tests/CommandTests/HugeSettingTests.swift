import Foundation
import TestSupport
import Testing

/// Numbers that a person may write and no machine can compute with: they are refused, or told, and never end in a trap.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct HugeSettingTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(input: String, layers: [String]) throws {
    let lines = ["recipe: fashion", "model:", "  input: \(input)", "  layers:"] + layers.map { "    - \($0)" }
    try folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "huge.yaml")
  }

  @Test(arguments: [
    ["inspect"], ["inspect", "--algorithms"], ["inspect", "--threads", "4"], ["doctor"],
    ["bench", "step", "--batch", "1", "--runs", "1"], ["bench", "convolution"],
  ]) func aMapThatIsLargeInBlocksOfChannelsIsRefused(command: [String]) throws {
    try write(
      input: "{ channels: 1, height: 20000, width: 20000 }", layers: ["fullyConnected: { name: fc, outputs: 4 }"])
    let outcome = try Program.run(command + ["--recipe", "huge.yaml"], in: folder.path)
    #expect(outcome.exitCode == 65, "\(outcome.exitCode): \(outcome.errors)")
    #expect(
      (outcome.errors + outcome.output).contains(
        "1·16·20000·20000 values of the input in blocks of channels are more than 2³¹ − 1"), "\(outcome.errors)")
  }

  /// The second layer's products are more than 2⁶³.
  @Test(arguments: [["--precision", "bfloat16"], ["--threads", "4", "--images", "4096"]])
  func productsBeyondAWholeNumberAreCounted(options: [String]) throws {
    try write(
      input: "{ channels: 1, height: 11000, width: 11000 }",
      layers: [
        "convolution: { name: a, filters: 1, kernel: 1 }",
        "convolution: { name: b, filters: 1, kernel: 40000, padding: 20000 }",
        "maxPooling: { name: p, size: 10000 }", "fullyConnected: { name: fc, outputs: 4 }",
      ])
    let outcome = try Program.run(["inspect", "--recipe", "huge.yaml"] + options, in: folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.exitCode): \(outcome.errors)")
  }

  @Test func aWidthGoesWithBuiltInArchitectures() throws {
    try write(
      input: "{ channels: 1, height: 8, width: 8 }", layers: ["fullyConnected: { name: fc, outputs: 4 }"])
    let outcome = try Program.run(
      ["train", "--recipe", "huge.yaml", "--width", "5", "--print-config"], in: folder.path)
    #expect(outcome.exitCode == 64, "\(outcome.exitCode): \(outcome.errors)")
    #expect(
      outcome.errors.contains("--width: expected a built-in architecture, found a recipe with layers of its own"),
      "\(outcome.errors)")
  }
}
