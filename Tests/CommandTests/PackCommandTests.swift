import Foundation
import Images
import Packs
import System
import TestSupport
import Testing

/// Tests of `pack` as a user runs it: the file that comes out of it.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackCommandTests {
  private let photos: PhotosToPack
  private var folder: ScratchFolder { photos.folder }
  private var directory: String { photos.directory }

  init() throws { photos = try PhotosToPack() }

  @Test func sameBytesOnAnyRanksAndThreads() throws {
    // There are more pictures than a block has, so that every rank has work.
    try photos.makePhotos(150)
    let one = try photos.pack(["photos", "-o", "one.h5", "--hold-out", "50"])
    #expect(one.exitCode == 0, "\(one.errors)")
    #expect(one.output.contains("550 to train on, 50 to validate"), "\(one.output)")
    for ranks in [2, 3] {
      let outcome = try photos.pack(
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
    try photos.makePhotos()
    for (name, ranks) in [("one", nil), ("two", 2)] as [(String, Int?)] {
      let outcome = try photos.pack(["photos", "-o", "\(name).h5", "--preview", "5"], ranks: ranks)
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
    try photos.makePhotos()
    #expect(try photos.pack(["photos", "-o", "photos.h5"]).exitCode == 0)
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
    #expect(try photos.pack(["photos", "-o", "kept.h5", "--keep"]).exitCode == 0)
    let kept = try #require(try Pack("\(directory)/kept.h5").images(.training))
    #expect((0..<24).contains { kept.extents(of: $0) == PlaneExtents(height: 620, width: 760) })
  }

  @Test func turnsPicturesWhereAsked() throws {
    try folder.copy("\(goldenPhotos)/turned.jpg", to: "photos/a/1.jpg")
    #expect(try photos.pack(["photos", "-o", "plain.h5"]).exitCode == 0)
    #expect(try photos.pack(["photos", "-o", "exif.h5", "--exif"]).exitCode == 0)
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

  @Test func labelsThatCountFromOneAreWarnedOf() throws {
    try folder.copy("\(goldenPhotos)/rgb.png", to: "1.png")
    try folder.copy("\(goldenPhotos)/rgb-2.png", to: "2.png")
    try folder.write(Array("1.png 1\n2.png 2\n".utf8), to: "list.txt")
    let outcome = try photos.pack(["list.txt", "-o", "a.h5", "--quiet"])
    #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome.output)")
    #expect(
      outcome.errors.contains(
        "warning: 1 of 3 classes has no picture to train on: 0. Labels of a list count from 0"), "\(outcome.errors)")
  }

  /// Names of classes do not count from anything.
  @Test func namesOfClassesWithoutPicturesAreWarnedOf() throws {
    try folder.copy("\(goldenPhotos)/rgb.png", to: "1.png")
    try folder.copy("\(goldenPhotos)/rgb-2.png", to: "2.png")
    try folder.write(Array("1.png ant\n2.png bee\n".utf8), to: "list.txt")
    try folder.write(Array("ant\nbee\ncat\n".utf8), to: "names.txt")
    let outcome = try photos.pack(["list.txt", "-o", "a.h5", "--quiet", "--class-names", "names.txt"])
    #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome.output)")
    #expect(
      outcome.errors.contains(
        "warning: 1 of 3 classes has no picture to train on: cat. Leave what is not meant out of --class-names\n"),
      "\(outcome.errors)")
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
