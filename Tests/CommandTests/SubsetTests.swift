import Foundation
import TestSupport
import Testing

/// Tests that training with `--subset` measures the images that the seed draws, and no others.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct SubsetTests {
  private let recipe = """
    model:
      activation: prelu
      input: { channels: 3, height: 32, width: 32 }
      fullyConnectedDeviation: [0.3, 0.3]
      layers:
        - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1, stride: 2 }
        - spatialPyramidPooling: { name: spp, levels: [2, 1] }
        - fullyConnected: { name: fc1, outputs: 3 }
    data: { kind: pack, directory: photos.h5, shorterSide: 40, validation: 0, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [32, 80], color: 0.1 }
    training: { batch: 8, epochs: 1 }
    """

  /// Training finds the error that `evaluate` finds on the same images with the same checkpoint.
  @Test func trainingMeasuresWhatTheSeedDraws() throws {
    let folder = try ScratchFolder()
    let kinds = ["rgb-420.jpg", "cmyk.jpg", "grey.jpg", "rgba.png", "palette.png", "progressive.jpg", "turned.jpg"]
    for number in 0..<36 {
      let kind = kinds[number * number % kinds.count]
      try folder.copy("\(goldenPhotos)/\(kind)", to: "photos/class \(number % 3)/\(number).\(kind.suffix(3))")
    }
    func run(_ arguments: String...) throws -> Program.Outcome {
      let outcome = try Program.run(arguments, in: folder.path)
      try #require(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
      return outcome
    }
    _ = try run("pack", "photos", "-o", "photos.h5", "--hold-out", "24", "--mean-side", "40", "--mean-crop", "32")
    try Data(recipe.utf8).write(to: URL(filePath: "\(folder.path)/own.yaml"))
    func evaluated(_ name: String, _ seed: String) throws -> Double {
      let object = try JSONSerialization.jsonObject(
        with: Data(
          try run("evaluate", name, "--split", "validation", "--subset", "7", "--seed", seed, "--json").output.utf8))
      return try #require((object as? [String: Any])?["top1_error"] as? Double)
    }
    var others = 0
    for seed in ["1", "2", "3", "4"] {
      _ = try run(
        "train", "--recipe", "own.yaml", "--run", seed, "--subset", "7", "--seed", seed, "--learning-rate", "0.0001")
      let rows = try String(contentsOfFile: "\(folder.path)/\(seed)/metrics.csv", encoding: .utf8)
        .split(separator: "\n").map { $0.split(separator: ",") }
      let column = try #require(rows[0].firstIndex { $0.contains("validation") && $0.contains("top1") })
      let measured = try #require(Double(rows[1][column]))
      let (same, other) = (try evaluated(seed, seed), try evaluated(seed, "\(seed)0"))
      #expect(rows.count == 2 && abs(same - measured) < 1e-3, "\(rows), evaluated \(same)")
      if abs(other - measured) > 1 { others += 1 }
    }
    #expect(others > 0, "all subsets have the same errors")
  }
}
