import Foundation
import TestSupport
import Testing

/// Tests of the pictures that a network is measured on, of its own and of other packs, and of their classes.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct MeasuredSplitTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  /// A pack of three classes and a recipe for it.
  private static let prepared = PreparedFolder { folder in
    try makePack("own", [("ant", 8), ("bee", 8), ("cat", 8)], in: folder)
    let recipe = """
      model:
        input: { channels: 3, height: 16, width: 16 }
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1, stride: 2 }
          - spatialPyramidPooling: { name: spp, levels: [1] }
          - fullyConnected: { name: fc1, outputs: 3 }
      data: { kind: pack, directory: own.h5, shorterSide: 16, validation: 6, scale: 0.015625 }
      augmentation: { padding: 0, mirror: false, shorterSide: [16, 20] }
      training: { batch: 16, epochs: 2 }
      schedule: { kind: steps, epochs: [] }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
  }

  init() throws {
    folder = try Self.prepared.copy()
  }

  private func makePack(_ name: String, _ classes: [(name: String, pictures: Int)], _ more: [String] = []) throws {
    try Self.makePack(name, classes, more, in: folder)
  }

  private static func makePack(
    _ name: String, _ classes: [(name: String, pictures: Int)], _ more: [String] = [], in folder: ScratchFolder
  ) throws {
    for (label, pictures) in classes {
      for number in 0..<pictures {
        let kind = ["rgb-420", "rgb-444", "grey"][number % 3]
        try folder.copy("\(goldenPhotos)/\(kind).jpg", to: "\(name)/\(label)/\(number).jpg")
      }
    }
    let packed = try Program.run(
      ["pack", name, "-o", "\(name).h5", "--mean-side", "20", "--mean-crop", "16"] + more, in: folder.path)
    try #require(packed.exitCode == 0, "\(packed.errors)")
  }

  private func train(_ run: String, _ more: [String] = []) throws -> Program.Outcome {
    try Program.run(["train", "--recipe", "own.yaml", "--run", run] + more, in: directory)
  }

  private func evaluate(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["evaluate"] + arguments, in: directory)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
  }

  @Test func splitsAndClassesOfOtherPacks() throws {
    let trained = try train("run")
    #expect(trained.output.contains("18 to train on, 6 to validate, 3 classes"), "\(trained.output) \(trained.errors)")
    #expect(!trained.output.contains("test error"), "\(trained.output)")

    // The network's own pack has only pictures that trained it and pictures that were put aside.
    let own = try evaluate("run")
    #expect(own.output.contains(", validation, ") && own.output.contains("of 6 images"), "\(own.output) \(own.errors)")
    let refused = try evaluate("run", "--split", "test")
    #expect(
      refused.exitCode == 65
        && refused.errors.contains("own.h5: the pack has no test split: take --split validation\n"),
      "\(refused.errors)")

    // All pictures of another pack count, each under its class's name.
    try makePack("other", [("cat", 2), ("bee", 5)])
    let other = try evaluate("run", "--data", "other.h5", "--classes", "other.csv")
    #expect(
      other.output.contains(", test, ") && other.output.contains("of 7 images"), "\(other.output) \(other.errors)")
    let rows = try text("other.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    #expect(Dictionary(uniqueKeysWithValues: rows.map { ($0[1], $0[2]) }) == ["ant": "0", "bee": "5", "cat": "2"])

    // A report shows them, although the pack numbers its classes differently.
    _ = try evaluate("run", "--data", "other.h5", "--predictions", "run/predictions.csv")
    #expect(try Program.run(["report", "run"], in: directory).exitCode == 0)
    let page = try text("run/report.html")
    #expect(page.contains("alt=\"test picture") && !page.contains("are not shown"), "no pictures")

    // Where a pack has a validation split of its own, that is what counts.
    try makePack("parted", [("ant", 3), ("bee", 3)], ["--hold-out", "2"])
    #expect(try evaluate("run", "--data", "parted.h5").output.contains(", validation, "))

    try makePack("strange", [("bee", 1), ("yak", 1)])
    let strange = try evaluate("run", "--data", "strange.h5")
    #expect(strange.exitCode == 65, "\(strange.output)")
    #expect(
      strange.errors.contains("strange.h5: expected classes of the network of run/checkpoint-")
        && strange.errors.contains(
          ", found \"yak\", which is none of them: evaluate on pictures of the network's 3 classes, under "
            + "their names"),
      "\(strange.errors)")
  }

  /// The pack has got other classes since its pictures were predicted.
  @Test func picturesOfOtherClassesAreNotShown() throws {
    #expect(try train("run").exitCode == 0)
    try makePack("other", [("ant", 1), ("cat", 1)])
    let evaluated = try evaluate("run", "--data", "other.h5", "--predictions", "run/predictions.csv")
    #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
    try FileManager.default.removeItem(atPath: "\(directory)/other.h5")
    try makePack("strange", [("ant", 1), ("yak", 1)])
    try FileManager.default.moveItem(atPath: "\(directory)/strange.h5", toPath: "\(directory)/other.h5")
    #expect(try Program.run(["report", "run"], in: directory).exitCode == 0)
    let page = try text("run/report.html")
    #expect(
      page.contains("The pictures themselves are not shown: other.h5: expected classes of the run's network, found ")
        && page.contains("yak"), "no such note")
  }

  /// Two classes have one name, as ImageNet's cranes do.
  @Test func aNameOfSeveralClasses() throws {
    try Data("crane\ncrane\nowl\n".utf8).write(to: URL(filePath: "\(directory)/names.txt"))
    let packed = try Program.run(
      ["pack", "own", "-o", "twins.h5", "--mean-side", "20", "--mean-crop", "16", "--class-names", "names.txt"],
      in: directory)
    #expect(packed.exitCode == 0, "\(packed.errors)")
    let trained = try train("twins", ["--data", "twins.h5", "--iterations", "0"])
    #expect(trained.exitCode == 0, "\(trained.errors)")
    try makePack("cranes", [("crane", 1), ("owl", 1)])
    let refused = try evaluate("twins", "--data", "cranes.h5")
    #expect(
      refused.exitCode == 65
        && refused.errors.contains(", found \"crane\", which is the name of several: evaluate on pictures of the"),
      "\(refused.errors)")
  }

  @Test func morePutAsideThanThereAre() throws {
    try Data(text("own.yaml").replacing("validation: 6", with: "validation: 24").utf8)
      .write(to: URL(filePath: "\(directory)/own.yaml"))
    let refused = try train("none")
    #expect(refused.exitCode == 65, "\(refused.output)")
    #expect(
      refused.errors.contains(
        """
        own.h5: data.validation is 24, but it has only 24 training images and no validation split: choose less than \
        that, or put some aside when packing (--hold-out)
        """), "\(refused.errors)")
  }

  @Test func withoutValidationTheNewestIsTheBest() throws {
    try Data(text("own.yaml").replacing("validation: 6", with: "validation: 0").utf8)
      .write(to: URL(filePath: "\(directory)/own.yaml"))
    let trained = try train("blind")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    #expect(!trained.output.contains("validation error") && !trained.output.contains("best"), "\(trained.output)")
    #expect(try text("blind/best") == text("blind/latest"))
    for row in try text("blind/metrics.csv").split(separator: "\n").dropFirst() {
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      #expect(fields[5].isEmpty && fields[6].isEmpty, "\(row)")
    }
    let nothing = try evaluate("blind")
    #expect(
      nothing.exitCode == 65
        && nothing.errors.contains(
          """
          own.h5: expected images to measure on, found none in its validation split: choose another --split or --data
          """),
      "\(nothing.errors)")
  }

  /// The recipe for photographs puts 5000 pictures aside, but only a tenth of a small pack.
  @Test func aSmallPackKeepsATenthToValidate() throws {
    let trained = try Program.run(
      ["train", "--data", "own.h5", "--model", "small-14", "--run", "small", "--iterations", "0"], in: directory)
    #expect(trained.output.contains("22 to train on, 2 to validate, 3 classes"), "\(trained.output) \(trained.errors)")
  }
}
