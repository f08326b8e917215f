import Foundation
import Images
import System
import TestSupport
import Testing

/// Tests of `predict` on whatever lies in folders and comes through pipes.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PredictCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  private static func recipe(deviation: Double) -> String {
    """
    model:
      activation: prelu
      input: { channels: 3, height: 32, width: 32 }
      fullyConnectedDeviation: [\(deviation), \(deviation)]
      layers:
        - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1, stride: 2 }
        - maxPooling: { name: pool1, size: 2, stride: 2 }
        - spatialPyramidPooling: { name: spp, levels: [2, 1] }
        - fullyConnected: { name: fc1, outputs: 2 }
    data: { kind: pack, directory: photos.h5, shorterSide: 40, validation: 2, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [32, 80], color: 0.1 }
    training: { batch: 4, epochs: 1 }
    """
  }

  /// Six pictures of two classes, packed, and two networks trained on them.
  private static let prepared = PreparedFolder { folder in
    for number in 0..<6 {
      try folder.copy(
        "\(goldenPhotos)/rgb-42\(number % 2 * 2).jpg", to: "packed/class \(number % 2)/\(number).jpg")
    }
    let packed = try Program.run(
      ["pack", "packed", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"], in: folder.path)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    for (run, deviation) in [("first", 0.3), ("second", 0.2)] {
      try folder.write(Array(recipe(deviation: deviation).utf8), to: "\(run).yaml")
      let trained = try Program.run(
        ["train", "--recipe", "\(run).yaml", "--run", run, "--iterations", "1", "--learning-rate", "0.0001"],
        in: folder.path)
      try #require(trained.exitCode == 0, "\(trained.errors)")
    }
  }

  init() throws {
    folder = try Self.prepared.copy()
  }

  private struct Prediction: Decodable {
    struct Guess: Decodable {
      let `class`: Int
      let probability: Double
    }
    let image: String
    let scores: [Double]
    let top5: [Guess]

    /// The probability of class 0, of two.
    var probability: Double { top5.first { $0.class == 0 }?.probability ?? .nan }
  }

  private func predictions(_ output: String) throws -> [Prediction] {
    try output.split(separator: "\n").map { try JSONDecoder().decode(Prediction.self, from: Data($0.utf8)) }
  }

  private func predict(_ arguments: String..., ranks: Int? = nil) throws -> (Program.Outcome, [Prediction]) {
    let outcome = try Program.run(["predict", "first", "--json"] + arguments, ranks: ranks, in: directory)
    return (outcome, try predictions(outcome.output))
  }

  /// Makes a folder with pictures of all kinds and names, and with files that are not pictures. Returns the paths of
  /// both.
  private func makeMixedFolder() throws -> (whole: [String], broken: [String]) {
    let jpeg = Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-444.jpg")))
    for (name, picture) in [
      ("1.jpg", "rgb-420.jpg"), ("3.JPG", "cmyk.jpg"), ("4.jfif", "grey.jpg"), ("5.jpe", "progressive.jpg"),
      ("7.png", "rgba.png"), ("deep/er/8.png", "palette.png"),
    ] { try folder.copy("\(goldenPhotos)/\(picture)", to: "mixed/\(name)") }
    for (name, channels) in [("6.pgm", 1), ("6.ppm", 3)] {
      try folder.write(try netpbm("rgb.png", channels), to: "mixed/\(name)")
    }
    // These are damage that only decoding finds, a file that is not a picture at all, and a hidden file.
    try folder.write(Array(jpeg.prefix(jpeg.count / 2)), to: "mixed/2.jpg")
    try folder.write(Array("no picture".utf8), to: "mixed/5b.jpg")
    try folder.write(jpeg, to: "mixed/._1.jpg")
    try folder.write(jpeg, to: "mixed/.hidden/1.jpg")
    try folder.write(Array("notes".utf8), to: "mixed/notes.txt")
    try folder.copy("\(goldenPhotos)/rgb-422.jpg", to: "elsewhere/9.jpeg")
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory)/mixed/linked", withDestinationPath: "\(directory)/elsewhere")
    return (
      ["1.jpg", "3.JPG", "4.jfif", "5.jpe", "6.pgm", "6.ppm", "7.png", "deep/er/8.png", "linked/9.jpeg"]
        .map { "mixed/\($0)" }, ["mixed/2.jpg", "mixed/5b.jpg"]
    )
  }

  private func netpbm(_ picture: String, _ channels: Int) throws -> [UInt8] {
    netpbm(try ImageDecoder.decode(path: "\(goldenPhotos)/\(picture)", channels: channels))
  }

  private func netpbm(_ image: DecodedImage) -> [UInt8] {
    let (channels, height, width) = (image.extents.channels, image.extents.height, image.extents.width)
    let pixels = (0..<height * width).flatMap { place in
      (0..<channels).map { image.bytes[$0 * height * width + place] }
    }
    return Array("P\(channels == 1 ? 5 : 6)\n\(width) \(height)\n255\n".utf8) + pixels
  }

  /// Compares scores, which may differ in their last bits depending on the pictures that are scored together.
  private func expectSame(_ a: [Prediction], _ b: [Prediction]) {
    #expect(a.map(\.image) == b.map(\.image))
    for (one, other) in zip(a, b) {
      #expect(abs(one.probability - other.probability) < 1e-6, "\(one.image)")
    }
  }

  // MARK: - Files that are not pictures

  @Test func goodPicturesOfMixedFoldersArePredicted() throws {
    let (whole, broken) = try makeMixedFolder()
    let (outcome, all) = try predict("mixed")
    #expect(outcome.exitCode == 65 && all.map(\.image) == whole, "\(outcome.errors) \(all.map(\.image))")
    let complaints = outcome.errors.split(separator: "\n")
    #expect(complaints.count == broken.count, "\(outcome.errors)")
    for (complaint, path) in zip(complaints, broken) {
      #expect(complaint.contains("\(path): expected a"), "\(complaint)")
    }
    #expect(Set(all.map(\.probability)).count > 5, "the pictures look the same to the network")

    let (skipped, others) = try predict("mixed", "--on-error", "skip")
    #expect(skipped.exitCode == 0 && skipped.errors == outcome.errors)
    expectSame(others, all)
    let (stopped, first) = try predict("mixed", "--on-error", "stop")
    #expect(stopped.exitCode == 65 && first.map(\.image) == ["mixed/1.jpg"], "\(stopped.errors)")
    #expect(stopped.errors.contains("mixed/2.jpg: ") && !stopped.errors.contains("5b.jpg"), "\(stopped.errors)")

    // A folder without pictures is reported, missing files have an exit code of their own, and both together have that
    // of bad data.
    try folder.write([], to: "empty/notes.txt")
    let (missing, none) = try predict("empty", "nowhere.jpg")
    #expect(missing.exitCode == 66 && none.isEmpty)
    #expect(missing.errors.contains("empty: no pictures in this folder: expected files that end in jpg, jpeg,"))
    #expect(missing.errors.contains("nowhere.jpg: "), "\(missing.errors)")
    #expect(try predict("nowhere.jpg", "mixed/2.jpg", "mixed/1.jpg").0.exitCode == 65)
  }

  /// An error in the request is reported once, not for each picture.
  @Test func aTestThatFitsNoPictureIsRefusedOnce() throws {
    let (outcome, all) = try predict("packed", "--protocol", "dense", "--scales", "20")
    #expect(outcome.exitCode == 64 && all.isEmpty)
    #expect(outcome.errors.components(separatedBy: "choose scales of at least 32").count == 2, "\(outcome.errors)")
  }

  @Test func netpbmPicturesAreSeenAsOthers() throws {
    try folder.write(try netpbm("rgb.png", 3), to: "a.ppm")
    try folder.copy("\(goldenPhotos)/rgb.png", to: "a.png")
    for arguments in [[], ["--protocol", "10-view"], ["--protocol", "dense", "--scales", "32,50"]] {
      let outcome = try Program.run(["predict", "first", "--json", "a.ppm", "a.png"] + arguments, in: directory)
      let both = try predictions(outcome.output)
      #expect(both.count == 2 && both[0].scores == both[1].scores, "\(outcome)")
    }
  }

  /// A network that takes IDX images sees whole pictures, squeezed; one of them cannot be decoded.
  @Test func networksOfOtherImagesGoOnToo() throws {
    let count = 24
    for (part, images) in [("train", count), ("t10k", 8)] {
      let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(images), 0, 0, 0, 8, 0, 0, 0, 8]
      try folder.write(header + (0..<64 * images).map { UInt8($0 * 37 % 251) }, to: "data/\(part)-images-idx3-ubyte")
      try folder.write(
        [0, 0, 8, 1, 0, 0, 0, UInt8(images)] + (0..<images).map { UInt8($0 % 2) }, to: "data/\(part)-labels-idx1-ubyte")
    }
    try folder.write(
      Array(
        """
        model:
          input: { channels: 1, height: 8, width: 8 }
          classes: 2
          fullyConnectedDeviation: [0.3, 0.3]
          layers:
            - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1 }
            - spatialPyramidPooling: { name: spp, levels: [2, 1] }
            - fullyConnected: { name: fc1, outputs: 2 }
        data: { directory: data, validation: 4 }
        training: { batch: 4, epochs: 1 }
        """.utf8), to: "idx.yaml")
    let trained = try Program.run(
      ["train", "--recipe", "idx.yaml", "--run", "idx", "--iterations", "1"], in: directory)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let (whole, _) = try makeMixedFolder()
    let outcome = try Program.run(["predict", "idx", "mixed", "--json"], in: directory)
    #expect(outcome.exitCode == 65)
    #expect(try predictions(outcome.output).map(\.image) == whole, "\(outcome.errors)")
    #expect(outcome.errors.contains("mixed/2.jpg: expected a whole JPEG picture"), "\(outcome.errors)")
  }

  // MARK: - Standard input

  private func shell(_ script: String) throws -> ChildProcess {
    try ChildProcess(
      "/bin/sh", ["-c", script], environment: ProcessInfo.processInfo.environment, in: directory,
      output: "\(directory)/out", errors: "\(directory)/err")
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
  }

  @Test func foldersOnStandardInputAreExpanded() throws {
    let process = try shell(
      "printf 'packed/class 1\\r\\n\\npacked/class 0/0.jpg' | '\(Program.path)' predict first --json -")
    #expect(process.terminationStatus == 0)
    let images = try predictions(try text("out")).map(\.image)
    #expect(images == ["packed/class 1/1.jpg", "packed/class 1/3.jpg", "packed/class 1/5.jpg", "packed/class 0/0.jpg"])
  }

  /// Names that have arrived are predicted while the input is still open, as from `tail -f`.
  @Test func whatHasComeIsPredictedWhenTheInputPauses() throws {
    let process = try shell(
      """
      (echo 'packed/class 0/0.jpg'; while [ ! -e seen ]; do sleep 0.1; done; echo 'packed/class 1/1.jpg') \
      | '\(Program.path)' predict first --json -
      """)
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline, try text("out").isEmpty { usleep(20_000) }
    #expect(process.isRunning)
    #expect(try predictions(try text("out")).map(\.image) == ["packed/class 0/0.jpg"])
    try folder.write([], to: "seen")
    #expect(process.terminationStatus == 0)
    #expect(try predictions(try text("out")).map(\.image) == ["packed/class 0/0.jpg", "packed/class 1/1.jpg"])
  }

  // MARK: - Ranks, orientation, several networks

  @Test func ranksShareThePicturesAndPrintOnce() throws {
    let (whole, broken) = try makeMixedFolder()
    let (_, alone) = try predict("mixed", "packed", "--test-image", "0")
    for ranks in [2, 3] {
      let (outcome, shared) = try predict(
        "mixed", "packed", "--test-image", "0", "--threads", "1", ranks: ranks)
      #expect(outcome.exitCode == 65 && shared.count == 1 + whole.count + 6)
      expectSame(shared, alone)
      for path in broken {
        #expect(outcome.errors.components(separatedBy: "\(path): ").count == 2, "\(outcome.errors)")
      }
    }
    let (refused, none) = try predict("packed", "--protocol", "dense", "--scales", "20", ranks: 2)
    #expect(refused.exitCode == 64 && none.isEmpty, "\(refused.errors)")
  }

  /// Returns a JPEG file with the orientation that a camera notes (EXIF 2.32, tag 274).
  private func noting(_ orientation: UInt8, in jpeg: [UInt8]) -> [UInt8] {
    let directory: [UInt8] = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    let content = Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8] + directory
    let length = content.count + 2
    return Array(jpeg.prefix(2)) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + content + jpeg.dropFirst(2)
  }

  private enum Edge { case top, bottom, left, right }

  /// The places in the upright picture of the first row and the first column that are stored, by EXIF's definition.
  private static let edges: [(row: Edge, column: Edge)] = [
    (.top, .left), (.top, .right), (.bottom, .right), (.bottom, .left), (.left, .top), (.right, .top),
    (.right, .bottom),
    (.left, .bottom),
  ]

  @Test func picturesAreTurnedAsTheCameraWasHeld() throws {
    let jpeg = Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/turned.jpg")))
    let stored = try ImageDecoder.decode(path: "\(goldenPhotos)/turned.jpg", channels: 3)
    let (rows, columns) = (stored.extents.height, stored.extents.width)
    try #require(rows != columns)
    var names: [String] = []
    for (place, edges) in Self.edges.enumerated() {
      let turns = edges.row == .left || edges.row == .right
      let (height, width) = turns ? (columns, rows) : (rows, columns)
      var seen = [UInt8](repeating: 0, count: stored.bytes.count)
      for row in 0..<rows {
        for column in 0..<columns {
          var (y, x) = (0, 0)
          for (edge, distance) in [(edges.row, row), (edges.column, column)] {
            switch edge {
            case .top: y = distance
            case .bottom: y = height - 1 - distance
            case .left: x = distance
            case .right: x = width - 1 - distance
            }
          }
          for channel in 0..<3 {
            seen[(channel * height + y) * width + x] = stored.bytes[(channel * rows + row) * columns + column]
          }
        }
      }
      let upright = DecodedImage(bytes: seen, extents: Extents(channels: 3, height: height, width: width))
      try folder.write(noting(UInt8(place + 1), in: jpeg), to: "turned/\(place).jpg")
      try folder.write(netpbm(upright), to: "upright/\(place).ppm")
      names.append("\(place)")
      let picture = try EncodedPicture(path: "\(directory)/turned/\(place).jpg", appliesOrientation: true)
      #expect(try picture.decoded(channels: 3) == upright, "orientation \(place + 1)")
      #expect((picture.height, picture.width) == (height, width))
      let plain = try EncodedPicture(path: "\(directory)/turned/\(place).jpg")
      #expect(try plain.decoded(channels: 3) == stored)
    }
    let (_, turned) = try predict("turned", "--exif")
    let (_, upright) = try predict("upright")
    let (_, lying) = try predict("turned")
    #expect(turned.count == 8 && turned.map(\.scores) == upright.map(\.scores))
    #expect(Set(lying.map(\.probability)).count == 1 && Set(turned.map(\.probability)).count > 4)
  }

  @Test func severalNetworksAreAveraged() throws {
    let runs = ["first", "second"]
    for arguments in [[], ["--average", "logits"], ["--protocol", "dense", "--scales", "40,50"]] {
      let each = try runs.map { run in
        try predictions(try Program.run(["predict", run, "packed", "--json"] + arguments, in: directory).output)
      }
      let outcome = try Program.run(
        ["predict", "first", "packed", "--with", "second", "--json"] + arguments, in: directory)
      let both = try predictions(outcome.output)
      try #require(outcome.exitCode == 0 && both.count == 6, "\(outcome.errors)")
      #expect(each[0][0].probability != each[1][0].probability)
      for (index, own) in both.enumerated() {
        let logits = [0, 1].map { (each[0][index].scores[$0] + each[1][index].scores[$0]) / 2 }
        #expect(zip(logits, own.scores).allSatisfy { abs($0 - $1) < 1e-6 })
        let mean =
          arguments.contains("logits")
          ? 1 / (1 + exp(logits[1] - logits[0])) : (each[0][index].probability + each[1][index].probability) / 2
        #expect(abs(own.probability - mean) < 1e-6, "\(arguments), \(own.image)")
      }
      // The scores are averaged as by `evaluate`, whose pictures are the pack's.
      let evaluated = try Program.run(
        ["evaluate", "first", "second", "--split", "validation", "--predictions", "p.csv", "--json"] + arguments,
        in: directory)
      try #require(evaluated.exitCode == 0, "\(evaluated.errors)")
      let rows = try text("p.csv").split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      try #require(rows.count == 3 && rows[0].last == "name")
      for row in rows.dropFirst() {
        let own = try #require(both.first { $0.image == "packed/\(row[14])" }, "\(row)")
        let probability = try #require(Double(row[row[2] == "0" ? 3 : 5]))
        #expect(abs(own.probability - probability) < 1e-6, "\(row)")
      }
    }
    let (missing, _) = try predict("packed", "--with", "nowhere.h5")
    #expect(missing.exitCode == 66 && missing.errors.contains("nowhere.h5"), "\(missing.errors)")
  }

  // MARK: - Tables

  /// Tables with and without the pictures' names are read.
  @Test func reportReadsPredictionsWithNames() throws {
    let evaluated = try Program.run(
      ["evaluate", "first", "--split", "validation", "--predictions", "first/predictions.csv"], in: directory)
    try #require(evaluated.exitCode == 0, "\(evaluated.errors)")
    let named = try text("first/predictions.csv")
    #expect(named.hasPrefix("index,label,class1,score1,") && named.contains(",score5,split,data,name\n"), "\(named)")
    #expect(named.contains(",class 0/") || named.contains(",class 1/"), "\(named)")
    let report = try Program.run(["report", "first"], in: directory)
    #expect(report.exitCode == 0, "\(report.errors)")
    let plain = named.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast()
    }
    .map { $0.joined(separator: ",") + "\n" }.joined()
    try folder.write(Array(plain.utf8), to: "first/predictions.csv")
    let other = try Program.run(["report", "first"], in: directory)
    #expect(other.exitCode == 0, "\(other.errors)")
  }

  @Test func compareSaysWhatItLeavesOut() throws {
    let header = "class,name,images,top1_errors,top5_errors\n"
    try folder.write(Array((header + "0,a,10,5,0\n1,b,10,5,0\n2,c,0,0,0\n3,d,10,1,0\n4,e,5,1,0\n").utf8), to: "a.csv")
    try folder.write(Array((header + "0,a,10,4,0\n1,b,20,10,0\n2,c,10,9,0\n5,f,1,1,0\n").utf8), to: "b.csv")
    let outcome = try Program.run(["compare", "a.csv", "b.csv"], in: directory)
    #expect(outcome.exitCode == 0)
    for words in [
      "of 2 classes, b.csv against a.csv: 1 better, 1 unchanged, 0 worse", "left out: 2 classes that only a.csv has",
      "left out: 1 class that only b.csv has", "left out: 1 class without images in one of the two",
      "not the same images: 1 class with more or fewer in one of the two, 20 and 30 images in all",
    ] { #expect(outcome.output.contains(words), "\(outcome.output)") }
    let json = try Program.run(["compare", "a.csv", "b.csv", "--json"], in: directory)
    for words in ["\"only_first\":2", "\"only_second\":1", "\"without_images\":1", "\"other_counts\":1"] {
      #expect(json.output.contains(words), "\(json.output)")
    }
    let same = try Program.run(["compare", "a.csv", "a.csv"], in: directory)
    #expect(
      !same.output.contains("not the same") && same.output.contains("left out: 1 class without"), "\(same.output)")
    try folder.write(Array((header + "2,c,10,9,0\n").utf8), to: "c.csv")
    let none = try Program.run(["compare", "a.csv", "c.csv"], in: directory)
    #expect(
      none.exitCode == 65 && none.errors.contains("that both have images of. Compare evaluations of the same classes"))
  }

  /// The progress of an evaluation is not printed among its results, and with --quiet not at all.
  @Test func progressIsNoResult() throws {
    // The evaluation lasts long enough for the first line to come, in groups that are done sooner.
    for number in 0..<400 {
      try folder.copy("\(goldenPhotos)/rgb-420.jpg", to: "many/class \(number % 2)/\(number).jpg")
    }
    let packed = try Program.run(["pack", "many", "-o", "many.h5", "--hold-out", "390"], in: directory)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let arguments = [
      "evaluate", "first", "--data", "many.h5", "--split", "validation", "--protocol", "dense", "--threads", "1",
      "--scales", "2000",
    ]
    let (shown, output, errors) = try Program.start(arguments, in: directory)
    let (quiet, quietOutput, quietErrors) = try Program.start(arguments + ["--quiet"], in: directory)
    func contents(_ url: URL) -> String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }
    // The first line comes after 15 seconds. Both are under way by then, but need no core until then.
    for process in [shown, quiet] {
      #expect(Program.wait { Program.processorSeconds(of: process) > 1 || !process.isRunning })
      kill(process.processIdentifier, SIGSTOP)
    }
    sleep(15)
    for process in [shown, quiet] { kill(process.processIdentifier, SIGCONT) }
    #expect(Program.wait { contents(errors).contains("images  ETA") || !shown.isRunning })
    #expect(contents(errors).contains("evaluated ") && contents(output).isEmpty, "\(contents(output))")
    #expect(quiet.isRunning && contents(quietOutput).isEmpty && contents(quietErrors).isEmpty)
    for process in [shown, quiet] {
      kill(process.processIdentifier, SIGTERM)
      #expect(process.terminationStatus == 75)
    }
    #expect(contents(quietErrors).contains("a signal stopped the evaluation"))
  }
}
