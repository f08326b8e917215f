import Foundation
import Glibc
import Packs
import TestSupport
import Testing

/// Tests of `pack` on archives: the pack is that of the unpacked folders, byte for byte.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackArchiveTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  private static let intake = ["--mean-side", "24", "--mean-crop", "16"]

  private func pack(
    _ sources: [String], _ output: String, _ options: [String] = [], ranks: Int? = nil
  ) throws -> Program.Outcome {
    try Program.run(
      ["pack"] + sources + ["-o", output, "--threads", "2"] + Self.intake + options, ranks: ranks, in: directory)
  }

  private func expectPack(
    _ sources: [String], _ options: [String] = [], ranks: Int? = nil, like whole: [UInt8],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try? FileManager.default.removeItem(atPath: folder.file("again.h5"))
    let outcome = try pack(sources, "again.h5", options, ranks: ranks)
    #expect(outcome.exitCode == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(
      try folder.bytes("again.h5") == whole, "\(sources) on \(ranks ?? 1) ranks", sourceLocation: sourceLocation)
  }

  /// Returns pictures of all kinds, small enough that thousands are packed in seconds.
  private static func pictures() throws -> [[UInt8]] {
    try ["rgb.png", "grey.jpg", "cmyk.jpg", "palette.png", "rgb-420.jpg", "one-pixel.png", "rgb-444.jpg"].map {
      Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/\($0)")))
    }
  }

  // MARK: - ImageNet

  /// ImageNet in small: 1000 classes of two pictures in an archive of archives, of which some are PNG files named JPEG
  /// and some are CMYK; validation pictures in one flat archive; the development kit that labels them.
  private static let imageNet = PreparedFolder { folder in
    let pictures = try pictures()
    func picture(_ number: Int) -> [UInt8] { pictures[number % pictures.count] }
    func write(_ bytes: [UInt8], _ name: String) throws { try folder.write(bytes, to: "imagenet/\(name)") }
    // The kit's numbers are in another order than the names, and so are the members of each archive.
    let names = (0..<1000).map { "n0\($0 * 7919 % 1000 + 1_440_000)" }
    var (training, validation, kit) = (TestArchive(), TestArchive(), TestArchive())
    for (number, name) in names.enumerated() {
      var own = TestArchive()
      for place in [1, 0] {
        own.add("\(name)_\(place).JPEG", picture(2 * number + place))
        try write(picture(2 * number + place), "train/\(name)/\(name)_\(place).JPEG")
      }
      training.add("\(name).tar", try own.bytes(.gnu))
    }
    var truth = ""
    for number in 1...300 {
      let name = "ILSVRC2012_val_" + String(repeating: "0", count: 8 - "\(number)".count) + "\(number).JPEG"
      validation.add(name, picture(3 * number))
      try write(picture(3 * number), "val/\(name)")
      truth += "\(number * 37 % 1000 + 1)\n"
    }
    let texts = ["ILSVRC2012_validation_ground_truth.txt": truth, "synsets.txt": names.joined(separator: "\n")]
    for (name, text) in texts {
      kit.add("ILSVRC2012_devkit_t12/data/\(name)", Array(text.utf8))
      try write(Array(text.utf8), "ILSVRC2012_devkit_t12/data/\(name)")
    }
    try folder.write(training.bytes(.gnu), to: "ILSVRC2012_img_train.tar")
    try folder.write(validation.bytes(.ustar), to: "ILSVRC2012_img_val.tar")
    try folder.write(kit.bytes(.tarGzip), to: "ILSVRC2012_devkit_t12.tar.gz")
  }

  private static let archives = ["ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz"]

  @Test func imageNetsArchivesGiveThePackOfTheFolders() throws {
    let sources = try Self.archives.map { "\(try Self.imageNet.path)/\($0)" }
    let unpacked = try pack(["\(try Self.imageNet.path)/imagenet"], "whole.h5")
    #expect(unpacked.exitCode == 0, "\(unpacked.errors)")
    #expect(unpacked.output.contains("2,000 to train on, 300 to validate, 1,000 classes"), "\(unpacked.output)")
    let whole = try folder.bytes("whole.h5")
    for ranks in [nil, 2, 4] as [Int?] { try expectPack(sources, ranks: ranks, like: whole) }
    let pack = try Pack(folder.file("whole.h5"))
    #expect(pack.classNames.count == 1000 && pack.images(.validation)?.count == 300)
  }

  @Test func aKilledPackingGoesOnInTheArchives() throws {
    let sources = try Self.archives.map { "\(try Self.imageNet.path)/\($0)" }
    #expect(try pack(sources, "whole.h5").exitCode == 0)
    let (process, _, _) = try Program.start(
      ["pack"] + sources + ["-o", "again.h5", "--threads", "1"] + Self.intake, in: directory)
    let work = folder.file("again.h5.work")
    try #require(Program.wait { FileManager.default.fileExists(atPath: "\(work)/block-1") || !process.isRunning })
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try #require(process.terminationReason == .uncaughtSignal)
    let outcome = try pack(sources, "again.h5", ranks: 2)
    #expect(outcome.exitCode == 0 && outcome.output.contains("are done already"), "\(outcome.errors)")
    #expect(try folder.bytes("again.h5") == folder.bytes("whole.h5"))
  }

  // MARK: - Other archives

  /// A compressed archive is read from its beginning on, in an order that has nothing to do with the classes, and its
  /// blocks and shards are those of that order.
  @Test func compressedArchivesGiveThePackOfTheFolder() throws {
    let pictures = try Self.pictures()
    var archive = TestArchive()
    for number in (0..<600).map({ $0 * 263 % 600 }) {
      let name = "photos/class \(number % 3)/\(number).jpg"
      let bytes = number == 77 ? Array("no picture".utf8) : pictures[number % pictures.count]
      archive.add(name, bytes)
      try folder.write(bytes, to: "unpacked/\(name)")
    }
    let options = ["--on-error", "skip", "--hold-out", "60"]
    let outcome = try pack(["unpacked"], "whole.h5", options)
    #expect(outcome.exitCode == 0 && outcome.output.contains("1 skipped"), "\(outcome.errors)")
    let sharded = try pack(["unpacked"], "parts.h5", options + ["--shards", "3"])
    #expect(sharded.exitCode == 0, "\(sharded.errors)")
    let whole = try folder.bytes("whole.h5")
    for (format, ranks) in [(.tarGzip, 2), (.tarZstandard, nil), (.zip, 3), (.gnu, 2)]
      as [(TestArchive.Format, Int?)]
    {
      let name = "photos.\(format.ending)"
      try folder.write(archive.bytes(format), to: name)
      try expectPack([name], options, ranks: ranks, like: whole)
      let again = try pack([name], "\(format).h5", options + ["--shards", "3"], ranks: ranks)
      #expect(again.exitCode == 0, "\(again.errors)")
      for shard in 1...3 {
        #expect(try folder.bytes("\(format)-\(shard)-of-3.h5") == folder.bytes("parts-\(shard)-of-3.h5"), "\(format)")
      }
    }
    // A picture that is broken ends the packing with its name in the archive.
    let stopped = try pack(["photos.tar.gz"], "stopped.h5", ranks: 2)
    #expect(stopped.exitCode == 65)
    #expect(
      stopped.errors.contains("photos.tar.gz/photos/class 2/77.jpg: expected a JPEG, PNG"), "\(stopped.errors)")
    // Blocks of a start that ended so are gone on with, and those of another order are not.
    let resumed = try pack(["photos.tar.gz"], "stopped.h5", ["--on-error", "skip"], ranks: 2)
    #expect(resumed.exitCode == 0 && resumed.output.contains("are done already"), "\(resumed.output)")
  }

  @Test func shardsOfPairsHaveTheSameBytesOnAnyRanks() throws {
    let pictures = try Self.pictures()
    for shard in 0..<3 {
      var archive = TestArchive()
      for number in 0..<40 {
        archive.add("\(number).cls", Array("\(number % 4)".utf8))
        archive.add("\(number).jpg", pictures[(number + shard) % pictures.count])
      }
      try folder.write(archive.bytes(.pax), to: "train-00000\(shard).tar")
    }
    let shards = (0..<3).map { "train-00000\($0).tar" }
    #expect(try pack(shards, "whole.h5", ["--fold", "1/4"]).exitCode == 0)
    for ranks in [2, 4] { try expectPack(shards, ["--fold", "1/4"], ranks: ranks, like: try folder.bytes("whole.h5")) }
    let images = try #require(try Pack(folder.file("whole.h5")).images(.training))
    #expect(images.count == 90 && Set(images.labels) == [0, 1, 2, 3])
  }

  @Test func hostileArchivesAreRefused() throws {
    var archive = TestArchive()
    archive.add("cat/1.jpg", try Self.pictures()[0])
    archive.add("../../evil.jpg", [1])
    try folder.write(archive.bytes(.tarGzip), to: "evil.tar.gz")
    for ranks in [nil, 2] as [Int?] {
      let outcome = try pack(["evil.tar.gz"], "p.h5", ranks: ranks)
      #expect(outcome.exitCode == 65)
      #expect(
        outcome.errors.contains(
          "evil.tar.gz: expected members that lie below the archive, found \"../../evil.jpg\", a path that leads"),
        "\(outcome.errors)")
    }
    #expect(try !folder.names().contains { $0.hasPrefix("p.h5") })
  }
}
