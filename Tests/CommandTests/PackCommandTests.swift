import Foundation
import Images
import Packs
import System
import TestSupport
import Testing

/// Tests that take pictures through `pack`, `train`, `evaluate` and `predict`, as a user runs them.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  /// Makes `count` pictures of each of four classes, of every kind, in files of their own.
  private func makePhotos(_ count: Int = 6, to root: String = "photos") throws {
    let kinds = [
      "rgb-420.jpg", "rgb-422.jpg", "rgb-444.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "rgba.png",
      "palette.png", "grey-16.png", "one-pixel.png", "large.jpg",
    ]
    for number in 0..<4 * count {
      let kind = kinds[number % kinds.count]
      try folder.copy("\(goldenPhotos)/\(kind)", to: "\(root)/class \(number % 4)/\(number)\(kind.suffix(4))")
    }
  }

  /// Makes a pack in which one byte of each copy of one picture is changed.
  private func damagingPictures(_ pack: [UInt8]) throws -> [UInt8] {
    let picture = try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-420.jpg"))
    var damaged = Data(pack)
    var start = 0
    while let range = damaged.range(of: picture, in: start..<damaged.count) {
      damaged[range.lowerBound + 700] ^= 0x20
      start = range.upperBound
    }
    try #require(start > 0)
    return Array(damaged)
  }

  private func pack(_ arguments: [String], ranks: Int? = nil) throws -> Program.Outcome {
    try Program.run(["pack", "--threads", "2"] + arguments, ranks: ranks, in: directory)
  }

  // MARK: - The file

  @Test func sameBytesOnAnyRanksAndThreads() throws {
    // There are more pictures than a block has, so that every rank has work.
    try makePhotos(150)
    let one = try pack(["photos", "-o", "one.h5", "--hold-out", "50"])
    #expect(one.exitCode == 0, "\(one.errors)")
    #expect(one.output.contains("550 to train on, 50 to validate"), "\(one.output)")
    for ranks in [2, 3] {
      let outcome = try pack(
        ["photos", "-o", "\(ranks).h5", "--hold-out", "50", "--threads", "1"], ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(try folder.bytes("\(ranks).h5") == folder.bytes("one.h5"), "\(ranks) ranks")
    }
    // Nothing is left behind.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.contains(".h5") }.sorted()
        == ["2.h5", "3.h5", "one.h5"])
  }

  @Test func previewShowsTrainingPictures() throws {
    try makePhotos()
    for (name, ranks) in [("one", nil), ("two", 2)] as [(String, Int?)] {
      let outcome = try pack(["photos", "-o", "\(name).h5", "--preview", "5"], ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("preview    \(name).h5.preview.png"), "\(outcome.output)")
    }
    #expect(try folder.bytes("one.h5.preview.png") == folder.bytes("two.h5.preview.png"))
    // The sheet has two rows of three places, one of them empty, with four pixels around each.
    let sheet = try ImageDecoder.decode(path: "\(directory)/one.h5.preview.png", channels: 3)
    #expect(sheet.extents == Extents(channels: 3, height: 2 * 228 + 4, width: 3 * 228 + 4))
    let shades = (0..<6).map { place in
      Set(
        (0..<224).flatMap { y in
          let start = (place / 3 * 228 + 4 + y) * sheet.extents.width + place % 3 * 228 + 4
          return sheet.bytes[start..<start + 224]
        }
      ).count
    }
    #expect(shades[..<5].allSatisfy { $0 > 20 } && shades[5] == 1, "\(shades)")
  }

  @Test func storesFilesAsTheyAreButForLargeOnes() throws {
    try makePhotos()
    #expect(try pack(["photos", "-o", "photos.h5"]).exitCode == 0)
    let pack = try Pack("\(directory)/photos.h5")
    #expect(pack.classNames == (0..<4).map { "class \($0)" })
    let images = try #require(pack.images(.training))
    #expect(images.count == 24)
    var names: [String] = []
    for index in 0..<images.count {
      let name = images.fileName(of: index)
      names.append(name)
      #expect(name.hasPrefix("class \(images.labels[index])/"))
      var stored = [UInt8](repeating: 0, count: images.byteCount(of: index))
      try stored.withUnsafeMutableBufferPointer { try images.read(index, into: $0.baseAddress!) }
      let original = try folder.bytes("photos/\(name)")
      let extents = images.extents(of: index)
      if original == Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/large.jpg"))) {
        #expect(extents == PlaneExtents(height: 512, width: 512 * 760 / 620))
        #expect(stored != original && stored.starts(with: [0xFF, 0xD8, 0xFF]))
      } else {
        #expect(stored == original, "\(name)")
      }
    }
    #expect(Set(names).count == 24)
    #expect(try self.pack(["photos", "-o", "kept.h5", "--keep"]).exitCode == 0)
    let kept = try #require(try Pack("\(directory)/kept.h5").images(.training))
    #expect((0..<24).contains { kept.extents(of: $0) == PlaneExtents(height: 620, width: 760) })
  }

  @Test func turnsPicturesWhereAsked() throws {
    try folder.copy("\(goldenPhotos)/turned.jpg", to: "photos/a/1.jpg")
    #expect(try pack(["photos", "-o", "plain.h5"]).exitCode == 0)
    #expect(try pack(["photos", "-o", "exif.h5", "--exif"]).exitCode == 0)
    #expect(
      try #require(try Pack("\(directory)/plain.h5").images(.training)).extents(of: 0)
        == PlaneExtents(height: 61, width: 93))
    let turned = try #require(try Pack("\(directory)/exif.h5").images(.training))
    #expect(turned.extents(of: 0) == PlaneExtents(height: 93, width: 61))
    // The picture lies on its left side, so that its first row becomes the last column.
    var stored = [UInt8](repeating: 0, count: turned.byteCount(of: 0))
    try stored.withUnsafeMutableBufferPointer { try turned.read(0, into: $0.baseAddress!) }
    try folder.write(stored, to: "turned.jpg")
    let (now, before) = (
      try ImageDecoder.decode(path: "\(directory)/turned.jpg", channels: 1),
      try ImageDecoder.decode(path: "\(goldenPhotos)/turned.jpg", channels: 1)
    )
    var difference = 0
    for y in 0..<93 {
      for x in 0..<61 { difference += abs(Int(now.bytes[y * 61 + x]) - Int(before.bytes[(60 - x) * 93 + y])) }
    }
    #expect(Double(difference) / (93 * 61) < 4)
  }

  @Test func shardsHoldTheSamePictures() throws {
    try makePhotos(150)
    #expect(try pack(["photos", "-o", "one.h5"]).exitCode == 0)
    #expect(try pack(["photos", "-o", "many.h5", "--shards", "2"], ranks: 2).exitCode == 0)
    let one = try Pack("\(directory)/one.h5")
    for name in ["many.h5", "many-2-of-2.h5"] {
      let many = try Pack("\(directory)/\(name)")
      #expect(many.fingerprint == one.fingerprint)
      let (a, b) = (try #require(many.images(.training)), try #require(one.images(.training)))
      #expect(a.labels == b.labels)
      #expect(
        (0..<a.count).allSatisfy {
          a.fileName(of: $0) == b.fileName(of: $0) && a.byteCount(of: $0) == b.byteCount(of: $0)
        })
    }
    try FileManager.default.removeItem(atPath: "\(directory)/many-1-of-2.h5")
    let outcome = try Program.run(["train", "--data", "many-2-of-2.h5", "--run", "r"], in: directory)
    #expect(outcome.exitCode == 66, "\(outcome.errors)")
    #expect(outcome.errors.contains("many-1-of-2.h5: there is no such pack file"), "\(outcome.errors)")
  }

  /// So many shards leave some files without a picture, and more are open than a process may have without asking.
  @Test func moreShardsThanPictures() throws {
    try makePhotos()
    #expect(try pack(["photos", "-o", "one.h5"]).exitCode == 0)
    let outcome = try pack(["photos", "-o", "many.h5", "--shards", "300"], ranks: 2)
    #expect(outcome.exitCode == 0 && outcome.output.contains("24 to train on"), "\(outcome.errors)")
    let (one, many) = (try Pack("\(directory)/one.h5"), try Pack("\(directory)/many.h5"))
    let (a, b) = (try #require(many.images(.training)), try #require(one.images(.training)))
    #expect(many.fingerprint == one.fingerprint && a.labels == b.labels)
    #expect((0..<24).allSatisfy { a.fileName(of: $0) == b.fileName(of: $0) && a.extents(of: $0) == b.extents(of: $0) })
    for index in 0..<24 {
      var (x, y) = (
        [UInt8](repeating: 0, count: a.byteCount(of: index)), [UInt8](repeating: 1, count: b.byteCount(of: index))
      )
      try x.withUnsafeMutableBufferPointer { try a.read(index, into: $0.baseAddress!) }
      try y.withUnsafeMutableBufferPointer { try b.read(index, into: $0.baseAddress!) }
      #expect(x == y)
    }
    try folder.write(Array(recipe.replacing("photos.h5", with: "\(directory)/many.h5").utf8), to: "own.yaml")
    let trained = try ChildProcess.capture(
      "/bin/sh",
      [
        "-c", "ulimit -Sn 256; exec \"$0\" \"$@\"", Program.path, "train", "--recipe", "\(directory)/own.yaml", "--run",
        "\(directory)/r", "--iterations", "1",
      ])
    #expect(trained.exitCode == 0, "\(trained.errors)")
  }

  /// Makes the state that a kill leaves at the moment when the first of three files has its name.
  @Test func goesOnBetweenTheNamesOfShards() throws {
    try makePhotos()
    let shards = (1...3).map { "a-\($0)-of-3.h5" }
    let command = ["photos", "-o", "a.h5", "--shards", "3"]
    #expect(try pack(command).exitCode == 0)
    let whole = try shards.map { try folder.bytes($0) }
    for name in shards { try FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    // A packing that ends before the pack is put together leaves its blocks.
    let picture = "photos/class 3/7.png"
    let original = try folder.bytes(picture)
    try folder.write([1, 2, 3], to: picture)
    #expect(try pack(command).exitCode == 65)
    try folder.write(original, to: picture)
    try folder.write(whole[0], to: shards[0])
    try folder.write(Array(whole[1].prefix(1000)), to: "\(shards[1]).tmp")
    let outcome = try pack(command, ranks: 2)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try shards.map { try folder.bytes($0) } == whole)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("a") }.sorted() == shards)

    // Neither a file of another pack is replaced, nor one of this pack without a packing that was killed.
    #expect(try pack(command).exitCode == 73)
    try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/class 3/another.png")
    try FileManager.default.removeItem(atPath: "\(directory)/\(shards[1])")
    try FileManager.default.createDirectory(atPath: "\(directory)/a.h5.work", withIntermediateDirectories: false)
    let refused = try pack(command)
    #expect(refused.exitCode == 73, "\(refused.errors)")
    #expect(refused.errors.contains("a-1-of-3.h5: there is a file of that name already"), "\(refused.errors)")
    #expect(try folder.bytes(shards[0]) == whole[0] && folder.bytes(shards[2]) == whole[2])
  }

  // MARK: - Broken files

  @Test func brokenFilesStopOrAreSkippedByName() throws {
    try makePhotos()
    let jpeg = Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-420.jpg")))
    var huge = jpeg
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    huge.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    let broken: [(name: String, bytes: [UInt8], words: String)] = [
      ("cut.jpg", Array(jpeg.prefix(jpeg.count / 2)), "expected a whole JPEG picture, found damage"),
      ("empty.jpg", [], "expected a JPEG, PNG, WebP, PGM or PPM picture, found an empty file"),
      ("text.jpg", Array("no picture".utf8), "found text that begins with \"no picture\""),
      ("huge.jpg", huge, "of at most 2^28 pixels, found one that declares 65500×65500"),
      (
        "cut.png", Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb.png"))).dropLast(400),
        "found damage (libpng"
      ),
    ]
    // One is a PNG file under the name of a JPEG file, as in ImageNet, which is not an error.
    try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/class 0/named.JPEG")
    for (name, bytes, words) in broken {
      try folder.write(bytes, to: "photos/class 1/\(name)")
      let stopped = try pack(["photos", "-o", "a.h5"])
      #expect(stopped.exitCode == 65)
      #expect(
        stopped.errors.contains("photos/class 1/\(name): ") && stopped.errors.contains(words), "\(stopped.errors)")
      try FileManager.default.removeItem(atPath: "\(directory)/photos/class 1/\(name)")
    }
    // The packing continues from what was done before.
    #expect(try pack(["photos", "-o", "a.h5"]).exitCode == 0)
    for (name, bytes, _) in broken { try folder.write(bytes, to: "photos/class 1/\(name)") }
    let skipped = try pack(["photos", "-o", "b.h5", "--on-error", "skip"], ranks: 2)
    #expect(skipped.exitCode == 0, "\(skipped.errors)")
    #expect(skipped.output.contains("25 to train on; 5 skipped"), "\(skipped.output)")
    for (name, _, words) in broken {
      #expect(skipped.errors.contains("skipped training/class 1/\(name): ") && skipped.errors.contains(words))
    }
    #expect(try Pack("\(directory)/a.h5").fingerprint == Pack("\(directory)/b.h5").fingerprint)
    let inspected = try Program.run(["inspect", "b.h5"], in: directory)
    #expect(inspected.output.contains("skipped        5 files") && inspected.output.contains("class 1/empty.jpg"))
    // A pack is not overwritten.
    #expect(try pack(["photos", "-o", "b.h5"]).exitCode == 73)
  }

  /// A file that one machine cannot read another one may: if it were left out, the packs would differ.
  @Test func filesThatCannotBeReadAreNotSkipped() throws {
    try makePhotos()
    let skip = ["-o", "a.h5", "--on-error", "skip"]
    let advice = "Damaged pictures are skipped; files that are missing or cannot be read are not."
    // A link that leads to itself cannot be read even by the superuser.
    let link = "\(directory)/photos/class 2/loop.jpg"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "loop.jpg")
    let looping = try pack(["photos"] + skip, ranks: 2)
    #expect(looping.exitCode == 66 && looping.errors.contains("class 2/loop.jpg: expected"), "\(looping.errors)")
    #expect(looping.errors.contains(advice), "\(looping.errors)")
    try FileManager.default.removeItem(atPath: link)

    // A list whose paths lead nowhere is refused before anything is packed.
    try folder.write(Array((0..<600).map { "\($0).jpg \($0 % 2)\n" }.joined().utf8), to: "list.txt")
    let absent = try pack(["list.txt", "--root", "elsewhere", "--threads", "1"] + skip)
    #expect(
      absent.exitCode == 66
        && absent.errors.hasPrefix(
          "prelu-dist: list.txt: expected files at the paths of its lines, found that elsewhere/0.jpg of line 1 is "
            + "missing, as are 599 more."),
      "\(absent.errors)")
  }

  @Test func labelsThatCountFromOneAreWarnedOf() throws {
    try folder.copy("\(goldenPhotos)/rgb.png", to: "1.png")
    try folder.copy("\(goldenPhotos)/rgb-2.png", to: "2.png")
    try folder.write(Array("1.png 1\n2.png 2\n".utf8), to: "list.txt")
    let outcome = try pack(["list.txt", "-o", "a.h5", "--quiet"])
    #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome.output)")
    #expect(
      outcome.errors.contains(
        "warning: 1 of 3 classes has no picture to train on: 0. Labels of a list count from 0"), "\(outcome.errors)")
  }

  @Test func goesOnAfterAKill() throws {
    try makePhotos(150)
    #expect(try pack(["photos", "-o", "whole.h5"]).exitCode == 0)
    // The last picture breaks, so that the blocks before it are done when the packing ends.
    let last = "photos/class 3/99.jpg"
    let whole = try folder.bytes(last)
    try folder.write(Array(whole.dropLast(whole.count / 2)), to: last)
    #expect(try pack(["photos", "-o", "cut.h5", "--threads", "1"]).exitCode == 65)
    let work = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/cut.h5.work")
    #expect(Set(work) == Set((0..<74).map { "block-\($0)" }))
    try folder.write(whole, to: last)
    // A block that a kill left half written is made again.
    let block = try folder.bytes("cut.h5.work/block-1")
    try folder.write(Array(block.dropLast(7)), to: "cut.h5.work/block-1")
    let outcome = try pack(["photos", "-o", "cut.h5"], ranks: 2)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("584 pictures are done already"), "\(outcome.output)")
    #expect(try folder.bytes("cut.h5") == folder.bytes("whole.h5"))
  }

  /// Blocks that wait from an earlier start hold the files as they were then.
  @Test func filesThatChangedSinceAreTakenAnew() throws {
    try makePhotos(12)
    let (last, changed, broken) = ("photos/class 3/47.jpg", "photos/class 0/0.jpg", "photos/class 1/1.jpg")
    let whole = try folder.bytes(last)
    let jpeg = Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-422.jpg")))
    try folder.write(Array(jpeg.dropLast(jpeg.count / 2)), to: broken)
    // The last picture cannot be read, so that the blocks before it wait.
    try FileManager.default.removeItem(atPath: "\(directory)/\(last)")
    try FileManager.default.createSymbolicLink(atPath: "\(directory)/\(last)", withDestinationPath: "47.jpg")
    let skip = ["photos", "-o", "a.h5", "--on-error", "skip", "--threads", "1"]
    #expect(try pack(skip).exitCode == 66)
    try FileManager.default.removeItem(atPath: "\(directory)/\(last)")
    try folder.write(whole, to: last)
    try folder.write(jpeg, to: broken)
    // The new file has the same length and a later time.
    let before = try folder.bytes(changed)
    var after = before
    // The byte is the density of the picture's dots.
    after[15] ^= 1
    try folder.write(after, to: changed)
    let outcome = try pack(skip)
    #expect(outcome.exitCode == 0 && outcome.output.contains("48 to train on; 0 skipped"), "\(outcome.output)")
    let words = "pictures are done already"
    #expect(outcome.output.contains(words), "nothing was left of the first start: \(outcome.output)")
    #expect(try pack(["photos", "-o", "b.h5"]).exitCode == 0)
    #expect(try folder.bytes("a.h5") == folder.bytes("b.h5"))
  }

  @Test func damagedPacksAreRefused() throws {
    try makePhotos()
    #expect(try pack(["photos", "-o", "a.h5"]).exitCode == 0)
    let whole = try folder.bytes("a.h5")
    func opened(_ bytes: [UInt8]) throws -> String {
      try folder.write(bytes, to: "b.h5")
      do {
        let images = try #require(try Pack("\(directory)/b.h5").images(.training))
        for index in 0..<images.count {
          var bytes = [UInt8](repeating: 0, count: images.byteCount(of: index))
          try bytes.withUnsafeMutableBufferPointer { try images.read(index, into: $0.baseAddress!) }
        }
        return "whole"
      } catch {
        return "\(error)"
      }
    }
    #expect(try opened(whole) == "whole")
    for length in [0, 100, whole.count / 2, whole.count - 1] {
      #expect(try opened(Array(whole.prefix(length))).contains("b.h5: "), "\(length) bytes")
    }
    let flipped = try damagingPictures(whole)
    #expect(try opened(flipped).contains("expected the bytes that were packed, found bytes of another checksum"))
    for (text, code, words) in [("hello", 65, "found a text file"), (nil, 66, "there is no such pack")]
      as [(String?, Int32, String)]
    {
      if let text {
        try folder.write(Array(text.utf8), to: "c.h5")
      } else {
        try FileManager.default.removeItem(atPath: "\(directory)/c.h5")
      }
      let outcome = try Program.run(["train", "--data", "c.h5", "--run", "r"], in: directory)
      #expect(outcome.exitCode == code && outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  // MARK: - Training

  private let recipe = """
    model:
      activation: prelu
      input: { channels: 3, height: 32, width: 32 }
      layers:
        - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1, stride: 2 }
        - maxPooling: { name: pool1, size: 2, stride: 2 }
        - spatialPyramidPooling: { name: spp, levels: [2, 1] }
        - fullyConnected: { name: fc1, outputs: 4 }
    data: { kind: pack, directory: photos.h5, shorterSide: 40, validation: 8, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [32, 80], color: 0.1 }
    training: { batch: 16, epochs: 3 }
    """

  @Test func trainsAndEvaluatesTheSameOnAnyRanksAndThreads() throws {
    try makePhotos(12)
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    #expect(try pack(["photos", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
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
    try makePhotos(12)
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    #expect(try pack(["photos", "-o", "photos.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
    #expect(
      try Program.run(["train", "--recipe", "own.yaml", "--run", "r", "--iterations", "1"], in: directory).exitCode == 0
    )
    try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/class 2/another.png")
    #expect(try pack(["photos", "-o", "other.h5", "--mean-side", "40", "--mean-crop", "32"]).exitCode == 0)
    let outcome = try Program.run(["train", "--resume", "r", "--data", "other.h5"], in: directory)
    #expect(outcome.exitCode == 65 && outcome.errors.contains("the data differ"), "\(outcome.errors)")
    // A damaged picture ends the run with its name.
    try folder.write(damagingPictures(folder.bytes("photos.h5")), to: "photos.h5")
    let ended = try Program.run(["train", "--recipe", "own.yaml", "--run", "s"], ranks: 2, in: directory)
    #expect(ended.exitCode == 65 && ended.errors.contains("photos.h5: /training, picture"), "\(ended.errors)")
  }

  @Test(arguments: [
    (["pack"], 64, "Missing expected argument"),
    (["pack", "nowhere", "-o", "a.h5"], 66, "nowhere: expected a folder of class folders"),
    (["pack", "x", "-o", "a.h5", "--quality", "0"], 64, "--quality takes 1 to 100, not 0."),
    (["pack", "x", "-o", "a.h5", "--on-error", "cry"], 64, "'cry' is invalid"),
    (["train", "--recipe", "imagenet-A", "--run", "r"], 66, "imagenet.h5: there is no such pack file"),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, words: String) throws {
    let outcome = try Program.run(arguments, in: directory)
    #expect(outcome.exitCode == exitCode && outcome.errors.contains(words), "\(outcome.errors)")
  }
}
