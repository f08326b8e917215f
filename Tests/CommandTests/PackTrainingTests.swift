import Foundation
import Images
import System
import TestSupport
import Testing

/// Tests that take pictures from a pack through `train`, `evaluate` and `predict`.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackTrainingTests {
  private let photos: PhotosToPack
  private var folder: ScratchFolder { photos.folder }
  private var directory: String { photos.directory }

  init() throws { photos = try PhotosToPack() }

  @Test func trainsAndEvaluatesTheSameOnAnyRanksAndThreads() throws {
    try photos.makePhotos(12)
    try folder.write(Array(PhotosToPack.recipe.utf8), to: "own.yaml")
    #expect(try photos.pack(["photos", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
    var digests: Set<String> = []
    var evaluations: Set<String> = []
    for (ranks, threads, loading) in [(nil, 1, 1), (2, 1, 2), (4, 2, 3)] as [(Int?, Int, Int)] {
      let run = "run-\(ranks ?? 1)"
      let outcome = try Program.run(
        ["train", "--recipe", "own.yaml", "--run", run, "--threads", "\(threads)", "--loading-threads", "\(loading)"],
        ranks: ranks, in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("40 to train on, 8 to validate, 4 classes"), "\(outcome.output)")
      digests.insert(try Program.inspect(run, in: directory).digest)
      evaluations.insert(
        try Program.run(["evaluate", run, "--json"], ranks: ranks, in: directory).output
          .replacingOccurrences(of: run, with: "run"))
    }
    #expect(digests.count == 1)
    #expect(evaluations.count == 1 && evaluations.first?.contains("\"images\":8") == true, "\(evaluations)")
    let metrics = try String(contentsOfFile: "\(directory)/run-1/metrics.csv", encoding: .utf8).split(separator: "\n")
    #expect(metrics.count == 4 && metrics[0].hasSuffix(",data_wait_seconds"))
    #expect(metrics.dropFirst().allSatisfy { Double($0.split(separator: ",").last ?? "") ?? 0 > 0 })

    // Some of the validation images are measured, the same ones after each epoch.
    let part = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "part", "--subset", "3"], ranks: 2, in: directory)
    #expect(part.exitCode == 0, "\(part.errors)")
    for row in try String(contentsOfFile: "\(directory)/part/metrics.csv", encoding: .utf8).split(separator: "\n")
      .dropFirst()
    {
      let wrong = 3 * (Double(row.split(separator: ",")[5]) ?? .nan) / 100
      #expect(abs(wrong - wrong.rounded()) < 1e-6, "\(row)")
    }

    // A run that is killed and resumed on other ranks ends in the same bits.
    let limits = ["--iterations", "4", "--checkpoint-every", "1"]
    #expect(
      try Program.run(["train", "--recipe", "own.yaml", "--run", "cut"] + limits, ranks: 2, in: directory).exitCode == 0
    )
    #expect(try Program.run(["train", "--resume", "cut"], in: directory).exitCode == 0)
    #expect(digests.contains(try Program.inspect("cut", in: directory).digest))

    let predicted = try Program.run(["predict", "run-1", "photos/class 1/1.jpg", "--test-image", "0"], in: directory)
    #expect(predicted.exitCode == 0 && predicted.output.contains("labeled class"), "\(predicted.errors)")
    let preview = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "seen", "--iterations", "0", "--preview", "5"], in: directory)
    #expect(preview.exitCode == 0, "\(preview.errors)")
    let sheet = try ImageDecoder.decode(path: "\(directory)/seen/preview.png", channels: 3)
    #expect(sheet.extents == Extents(channels: 3, height: 2 * 36 + 4, width: 3 * 36 + 4))
    // The sheet is no run: the folder can be trained in.
    #expect(preview.output == "preview written to seen/preview.png; nothing was trained\n", "\(preview.output)")
    let trained = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "seen", "--iterations", "1"], in: directory)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    #expect(trained.output.contains("stopped after 1 iteration, as asked"), "\(trained.output)")
  }

  @Test func otherPicturesAreOtherData() throws {
    try photos.makePhotos(12)
    try folder.write(Array(PhotosToPack.recipe.utf8), to: "own.yaml")
    #expect(try photos.pack(["photos", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
    #expect(
      try Program.run(["train", "--recipe", "own.yaml", "--run", "r", "--iterations", "1"], in: directory).exitCode == 0
    )
    try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/class 2/another.png")
    #expect(try photos.pack(["photos", "-o", "other.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
    let outcome = try Program.run(["train", "--resume", "r", "--data", "other.h5"], in: directory)
    #expect(outcome.exitCode == 65 && outcome.errors.contains("the data differ"), "\(outcome.errors)")
    // A damaged picture ends the run with its name.
    try folder.write(photos.damagingPictures(folder.bytes("photos.h5")), to: "photos.h5")
    let ended = try Program.run(["train", "--recipe", "own.yaml", "--run", "s"], ranks: 2, in: directory)
    #expect(ended.exitCode == 65 && ended.errors.contains("photos.h5: /training, picture"), "\(ended.errors)")
  }
}
