import Foundation
import TestSupport
import Testing

/// Tests of `train --dry-run`: it says what a run would be, and leaves no trace.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct DryRunTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    try folder.writePhotoRecipe(pack: "p.h5", classes: 3, batch: 8, epochs: 4)
    for (name, count) in [("ant", 20), ("bee", 12), ("cat", 5)] {
      for number in 0..<count { try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/\(name)/\(number).png") }
    }
    let packed = try Program.run(
      ["pack", "photos", "-o", "p.h5", "--hold-out", "5", "--mean-side", "20", "--mean-crop", "16"], in: directory)
    try #require(packed.exitCode == 0, "\(packed.errors)")
  }

  /// Returns all paths below the folder with the sizes and times of files, but for what the program's output goes to.
  private func everything() throws -> [String] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: directory)
    return try paths.filter { !$0.hasSuffix(".out") && !$0.hasSuffix(".err") }.sorted().map { path in
      let values = try FileManager.default.attributesOfItem(atPath: folder.file(path))
      let isFolder = values[.type] as? FileAttributeType == .typeDirectory
      return "\(path) \(isFolder ? "" : "\(values[.size]!) \(values[.modificationDate]!)")"
    }
  }

  @Test(arguments: [nil, 2] as [Int?]) func saysWhatARunWouldBe(ranks: Int?) throws {
    let before = try everything()
    let outcome = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "r", "--dry-run", "--threads", "1"], ranks: ranks, in: directory)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(try everything() == before)
    let said = outcome.output.split(separator: "\n").map(String.init)
    #expect(
      said.first == "measuring 6 steps of 8 images, then the parts of a step, to predict other numbers of ranks",
      "\(outcome.output)")
    let lines = Array(said.dropFirst())
    let counted = ranks.map { "\($0) ranks" } ?? "1 rank"
    let expected = [
      "model  your network, 179 parameters", "data   p.h5: 32 to train on, 5 to validate, 0 to test, 3 classes",
      "class  each has 4 to 17 images to train on", "steps  4 an epoch of mini-batches of 8; 16 steps to do at most",
    ]
    #expect(Array(lines.prefix(4)) == expected, "\(outcome.output)")
    #expect(lines[4].contains(" s a step with \(counted), measured in 5 steps; "), "\(lines[4])")
    #expect(lines[5].hasPrefix("ranks  on others, predicted from that: of 1 thread, "), "\(lines[5])")
    // The measured step is among the predicted ones.
    let step = try #require(lines[4].split(separator: " ").dropFirst().first)
    let row = try #require(lines.first { $0.hasSuffix("(measured)") })
    #expect(row.contains("\(ranks ?? 1) on 1 host: \(step) s a step"), "\(row)")
    #expect(lines.count { $0.contains(" s a step, ") } >= 4, "\(outcome.output)")
    #expect(lines.last == "nothing was trained and no file written")
    #expect(lines.contains { $0.hasPrefix("memory ") } && lines.contains { $0.hasPrefix("disk   ") })
  }

  @Test func aRunThatGoesOn() throws {
    let trained = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "r", "--iterations", "6"], in: directory)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let before = try everything()
    let outcome = try Program.run(["train", "--resume", "r", "--dry-run"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("; 10 steps to do at most, going on from r/checkpoint-"), "\(outcome.output)")
    #expect(try everything() == before)
  }

  /// A tower without a layer to train has no backward pass to measure.
  @Test(arguments: ["conv1", "fc1"]) func aFrozenLayer(name: String) throws {
    let outcome = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "r", "--dry-run", "--threads", "1", "--freeze", name], in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("(measured)"), "\(outcome.output)")
  }

  /// Three classes of as many pictures, and one class alone.
  @Test(arguments: [
    (["a", "b", "c"], "each has 1 image to train on"), (["a"], "the only one has 1 image to train on"),
  ])
  func theClassesInWords(names: [String], words: String) throws {
    for name in names { try folder.copy("\(goldenPhotos)/rgb.png", to: "few/\(name)/1.png") }
    let packed = try Program.run(
      ["pack", "few", "-o", "few.h5", "--mean-side", "20", "--mean-crop", "16"], in: directory)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let recipe = try String(decoding: folder.bytes("own.yaml"), as: UTF8.self)
      .replacing("outputs: 3", with: "outputs: \(names.count)").replacing("batch: 8", with: "batch: 1")
    try folder.write(Array(recipe.utf8), to: "few.yaml")
    let outcome = try Program.run(
      ["train", "--recipe", "few.yaml", "--data", "few.h5", "--run", "r", "--dry-run", "--threads", "1"],
      in: directory)
    #expect(outcome.exitCode == 0 && outcome.output.contains("\nclass  \(words)\n"), "\(outcome.output)")
  }

  @Test func whatWouldFailFailsAtOnce() throws {
    let outcome = try Program.run(
      ["train", "--recipe", "own.yaml", "--data", "nowhere.h5", "--run", "r", "--dry-run"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 66 && outcome.errors.contains("nowhere.h5: there is no such pack"), "\(outcome.errors)")
  }

  @Test func aRunFolderThatCannotBe() throws {
    try folder.write([], to: "file")
    let before = try everything()
    for ranks in [nil, 2] as [Int?] {
      let outcome = try Program.run(
        ["train", "--recipe", "own.yaml", "--run", "file/r", "--dry-run"], ranks: ranks, in: directory)
      #expect(
        outcome.exitCode == 73
          && outcome.errors.contains("file/r: the run folder cannot be created: file is not a folder. Choose another"),
        "\(outcome.errors)")
    }
    #expect(try everything() == before)
  }
}
