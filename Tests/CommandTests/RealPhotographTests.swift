import Foundation
import Packs
import TestSupport
import Testing

/// The folder of Debian's tuxpaint-stamps-default: RGBA PNG files in class folders, beside files of other kinds.
private let stamps = "/usr/share/tuxpaint/stamps"
private let hasStamps = FileManager.default.fileExists(atPath: "\(stamps)/animals")

/// Tests that take a set of real pictures through `pack`, `train`, `evaluate` and `predict` at the paper's size, with
/// its augmentation.
@Suite(
  .waitsForPrograms, .enabled(if: isOutsideMPI), .enabled(if: hasStamps, "tuxpaint-stamps-default is not installed"))
struct RealPhotographTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  /// Makes a folder of classes: links to class folders, and one more class with JPEG files of several kinds.
  init() throws {
    folder = try ScratchFolder()
    let files = FileManager.default
    let photos = URL(filePath: "\(directory)/photos")
    for kind in ["rgb-420", "rgb-422", "rgb-444", "progressive", "grey", "cmyk", "turned", "large"] {
      try folder.copy("\(goldenPhotos)/\(kind).jpg", to: "photos/jpeg/\(kind).jpg")
    }
    for name in try files.contentsOfDirectory(atPath: stamps) {
      try files.createSymbolicLink(
        at: photos.appending(path: name), withDestinationURL: URL(filePath: "\(stamps)/\(name)"))
    }
  }

  private let recipe = """
    model:
      activation: prelu
      classes: 17
      input: { channels: 3, height: 224, width: 224 }
      layers:
        - convolution: { name: conv1, filters: 16, kernel: 7, stride: 4 }
        - maxPooling: { name: pool1, size: 3, stride: 3 }
        - convolution: { name: conv2, filters: 16, kernel: 3, padding: 1 }
        - spatialPyramidPooling: { name: spp, levels: [6, 3, 2, 1] }
        - fullyConnected: { name: fc1, outputs: 64, dropout: 0.5 }
        - fullyConnected: { name: fc2, outputs: 17 }
    data: { kind: pack, directory: one.h5, shorterSide: 256, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [256, 512], color: 0.1 }
    training: { batch: 64, epochs: 1 }
    """

  @Test func theSameBitsOnOneRankAndTwo() throws {
    var packs: [Data] = []
    var digests: Set<String> = []
    var evaluations: [String: Set<String>] = [:]
    try Data(recipe.utf8).write(to: URL(filePath: "\(directory)/own.yaml"))
    for (ranks, name) in [(nil, "one"), (2, "two")] as [(Int?, String)] {
      let packed = try Program.run(
        ["pack", "photos", "-o", "\(name).h5", "--hold-out", "80", "--shorter-side", "200"], ranks: ranks, in: directory
      )
      #expect(packed.exitCode == 0 && packed.output.contains("80 to validate; 0 skipped"), "\(packed.errors)")
      packs.append(try Data(contentsOf: URL(filePath: "\(directory)/\(name).h5")))
      let trained = try Program.run(
        ["train", "--recipe", "own.yaml", "--run", name, "--data", "\(name).h5"], ranks: ranks, in: directory)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      digests.insert(try Program.inspect(name, in: directory).digest)
      for test in [["--protocol", "center"], ["--protocol", "dense", "--scales", "224,256"]] {
        let evaluated = try Program.run(
          ["evaluate", name, "--split", "validation", "--json"] + test, ranks: ranks, in: directory)
        #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
        evaluations[test[1], default: []].insert(
          evaluated.output.replacingOccurrences(of: name, with: "NAME"))
      }
    }
    #expect(packs[0] == packs[1])
    let pack = try Pack("\(directory)/one.h5")
    // Every picture is there, some as they are and some scaled down.
    let images = try #require(pack.images(.training))
    #expect(pack.classNames.count == 17 && images.count > 600)
    let heights = (0..<images.count).map { min(images.extents(of: $0).height, images.extents(of: $0).width) }
    #expect(heights.max() == 200 && heights.contains { $0 < 200 })
    #expect(digests.count == 1)
    #expect(evaluations.count == 2 && evaluations.values.allSatisfy { $0.count == 1 }, "\(evaluations)")
    #expect(evaluations.values.allSatisfy { $0.first?.contains("\"images\":80") == true }, "\(evaluations)")

    let predicted = try Program.run(["predict", "two", "photos/jpeg/cmyk.jpg"], in: directory)
    #expect(predicted.exitCode == 0 && predicted.output.contains("%"), "\(predicted.errors)")
  }
}
