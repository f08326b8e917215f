import Foundation
import Images
import Packs
import System
import TestSupport
import Testing

/// Tests that a report shows exactly the pictures that the predictions beside it number, for both splits and kinds of
/// data.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct ReportPictureTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  private func run(_ arguments: String...) throws {
    let outcome = try Program.run(arguments, in: directory)
    try #require(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
  }

  /// Returns the pictures on a run's page with the numbers that it gives them.
  private func pictures(_ page: String, of part: String) throws -> [(index: Int, picture: DecodedImage)] {
    let html = try String(contentsOfFile: "\(directory)/\(page)", encoding: .utf8)
    #expect(!html.contains("not shown"), "\(page)")
    return try html.matches(of: /alt="([a-z]+) picture ([0-9]+), [^"]*" src="data:image\/png;base64,([^"]*)"/)
      .map { match in
        #expect(match.1 == part)
        try folder.write(Array(try #require(Data(base64Encoded: String(match.3)))), to: "picture.png")
        return (try #require(Int(match.2)), try ImageDecoder.decode(path: "\(directory)/picture.png", channels: 3))
      }
  }

  @Test func ofIDXFiles() throws {
    // The first pixel of a picture is its number in its file.
    for (part, count) in [("train", 200), ("t10k", 40)] {
      var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8]
      var labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)]
      for image in 0..<count {
        for place in 0..<64 { images.append(UInt8(place == 0 ? image : (place * 37 + image * 11) % 250)) }
        labels.append(UInt8(image * 7 % 5 % 3))
      }
      try folder.write(images, to: "data/\(part)-images-idx3-ubyte")
      try folder.write(labels, to: "data/\(part)-labels-idx1-ubyte")
    }
    let recipe = """
      model:
        input: { channels: 1, height: 8, width: 8 }
        classes: 3
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
          - fullyConnected: { name: fc1, outputs: 3 }
      data: { directory: data, validation: 50 }
      training: { batch: 50, epochs: 1 }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    try run("train", "--recipe", "own.yaml", "--run", "r", "--threads", "1", "--no-report")
    for part in ["test", "validation"] {
      try run("evaluate", "r", "--split", part, "--predictions", "r/predictions.csv", "--threads", "1")
      try run("report", "r")
      let found = try pictures("r/report.html", of: part)
      // Two panels of twelve, and four of each of six pairs of classes that are confused.
      #expect((12...48).contains(found.count), "\(found.count)")
      let held = splitIndices(labels: (0..<200).map { Int32($0 * 7 % 5 % 3) }, held: 50).held
      for (index, picture) in found {
        #expect(picture.extents == Extents(channels: 3, height: 8, width: 8))
        #expect(Int(picture.bytes[0]) == (part == "test" ? index : held[index]), "\(part) \(index)")
      }
    }
    // The training run's own page shows them, too, when the run continues.
    try run("train", "--resume", "r", "--epochs", "2", "--threads", "1")
    #expect(try pictures("r/report.html", of: "validation").count >= 12)
  }

  @Test func ofAPack() throws {
    // The red of a picture's middle is 10 times its number. Beside the middle square it is blue.
    let extents = Extents(channels: 3, height: 120, width: 240)
    for (part, numbers) in [("train", 0..<16), ("test", 16..<24)] {
      for number in numbers {
        var values = [Float](repeating: 0, count: extents.count)
        let plane = 120 * 240
        for place in 0..<plane {
          let isMiddle = (56..<184).contains(place % 240)
          values[place] = isMiddle ? Float(10 * number) : 0
          values[2 * plane + place] = isMiddle ? 0 : 255
        }
        let name = "\(directory)/photos/\(part)/class \(number % 2)"
        try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
        try ContactSheet.write([values], extents: extents, to: "\(name)/\(number).png")
      }
    }
    let recipe = """
      model:
        input: { channels: 3, height: 32, width: 32 }
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1, stride: 2 }
          - spatialPyramidPooling: { name: spp, levels: [2, 1] }
          - fullyConnected: { name: fc1, outputs: 2 }
      data: { kind: pack, directory: photos.h5, shorterSide: 40, scale: 0.015625, validation: 0 }
      augmentation: { padding: 0, mirror: true, shorterSide: [32, 80] }
      training: { batch: 10, epochs: 1 }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    try run("pack", "photos", "-o", "photos.h5", "--hold-out", "6", "--mean-side", "40", "--mean-crop", "32")
    try run("train", "--recipe", "own.yaml", "--run", "r", "--threads", "1")
    let pack = try Pack("\(directory)/photos.h5")
    for (part, name, count) in [(PackPart.test, "test", 8), (.validation, "validation", 6)] {
      try run("evaluate", "r", "--split", name, "--predictions", "r/predictions.csv", "--threads", "1")
      try run("report", "r")
      let found = try pictures("r/report.html", of: name)
      #expect(Set(found.map(\.index)).count == count)
      let images = try #require(pack.images(part))
      for (index, picture) in found {
        #expect(picture.extents == Extents(channels: 3, height: 84, width: 84))
        let file = URL(filePath: images.fileName(of: index)).deletingPathExtension().lastPathComponent
        let (corner, middle) = (84 * 8 + 8, 84 * 42 + 42)
        for place in [corner, middle] {
          #expect(abs(Int(picture.bytes[place]) - 10 * (Int(file) ?? -1)) <= 1, "\(name) \(index): \(file)")
        }
        #expect(picture.bytes[2 * 84 * 84 + corner] < 3)
      }
    }
    // Predictions for other data number the pictures of those.
    try FileManager.default.moveItem(atPath: "\(directory)/photos.h5", toPath: "\(directory)/moved.h5")
    try run(
      "evaluate", "r", "--data", "moved.h5", "--predictions", "r/predictions.csv", "--threads", "1")
    try run("report", "r")
    #expect(Set(try pictures("r/report.html", of: "test").map(\.index)).count == 8)
    try FileManager.default.removeItem(atPath: "\(directory)/moved.h5")
    try run("report", "r")
    let html = try String(contentsOfFile: "\(directory)/r/report.html", encoding: .utf8)
    #expect(html.contains("The pictures themselves are not shown: moved.h5") && !html.contains("<img"))
  }
}
