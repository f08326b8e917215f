import Foundation
import Packs
import TestSupport
import Testing

/// Tests of pictures and packs that are broken: each is named, and nothing is left out unsaid.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct BrokenPictureTests {
  private let photos: PhotosToPack
  private var folder: ScratchFolder { photos.folder }
  private var directory: String { photos.directory }

  init() throws { photos = try PhotosToPack() }

  @Test func brokenFilesStopOrAreSkippedByName() throws {
    try photos.makePhotos()
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
      let stopped = try photos.pack(["photos", "-o", "a.h5"])
      #expect(stopped.exitCode == 65)
      #expect(
        stopped.errors.contains("photos/class 1/\(name): ") && stopped.errors.contains(words), "\(stopped.errors)")
      try FileManager.default.removeItem(atPath: "\(directory)/photos/class 1/\(name)")
    }
    // The packing continues from what was done before.
    #expect(try photos.pack(["photos", "-o", "a.h5"]).exitCode == 0)
    for (name, bytes, _) in broken { try folder.write(bytes, to: "photos/class 1/\(name)") }
    let skipped = try photos.pack(["photos", "-o", "b.h5", "--on-error", "skip"], ranks: 2)
    #expect(skipped.exitCode == 0, "\(skipped.errors)")
    #expect(skipped.output.contains("25 to train on; 5 skipped"), "\(skipped.output)")
    for (name, _, words) in broken {
      #expect(skipped.errors.contains("skipped training/class 1/\(name): ") && skipped.errors.contains(words))
    }
    #expect(try Pack("\(directory)/a.h5").fingerprint == Pack("\(directory)/b.h5").fingerprint)
    let inspected = try Program.run(["inspect", "b.h5"], in: directory)
    #expect(inspected.output.contains("skipped        5 files") && inspected.output.contains("class 1/empty.jpg"))
    // A pack is not overwritten.
    #expect(try photos.pack(["photos", "-o", "b.h5"]).exitCode == 73)
  }

  /// A file that one machine cannot read another one may: if it were left out, the packs would differ.
  @Test func filesThatCannotBeReadAreNotSkipped() throws {
    try photos.makePhotos()
    let skip = ["-o", "a.h5", "--on-error", "skip"]
    let advice = "Damaged pictures are skipped; files that are missing or cannot be read are not."
    let link = "\(directory)/photos/class 2/link.jpg"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: PhotosToPack.unreadable)
    let unread = try photos.pack(["photos"] + skip, ranks: 2)
    #expect(unread.exitCode == 66 && unread.errors.contains("class 2/link.jpg: expected"), "\(unread.errors)")
    #expect(unread.errors.contains(advice), "\(unread.errors)")
    try FileManager.default.removeItem(atPath: link)
    // A link that leads to itself may have been a class as well as a picture.
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "link.jpg")
    let looping = try photos.pack(["photos"] + skip, ranks: 2)
    #expect(looping.exitCode == 65 && looping.errors.contains("class 2/link.jpg: expected"), "\(looping.errors)")
    #expect(looping.errors.contains("found a link to what is not there"), "\(looping.errors)")
    try FileManager.default.removeItem(atPath: link)

    // A list whose paths lead nowhere is refused before anything is packed.
    try folder.write(Array((0..<600).map { "\($0).jpg \($0 % 2)\n" }.joined().utf8), to: "list.txt")
    let absent = try photos.pack(["list.txt", "--root", "elsewhere", "--threads", "1"] + skip)
    #expect(
      absent.exitCode == 66
        && absent.errors.hasPrefix(
          "prelu-dist: list.txt: expected files at the paths of its lines, found that elsewhere/0.jpg of line 1 is "
            + "missing, as are 599 more."),
      "\(absent.errors)")
  }

  @Test func damagedPacksAreRefused() throws {
    try photos.makePhotos()
    #expect(try photos.pack(["photos", "-o", "a.h5"]).exitCode == 0)
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
    let flipped = try photos.damagingPictures(whole)
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

  /// A network with an output that nothing teaches is not made unsaid: packing and training both name the class.
  @Test func aClassThatLosesEveryPictureIsNamed() throws {
    try photos.makePhotos()
    for name in ["x", "y"] { try folder.write(Array("broken".utf8), to: "photos/empty/\(name).jpg") }
    let outcome = try photos.pack(["photos", "-o", "photos.h5", "--on-error", "skip"])
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.errors.contains("prelu-dist: warning: every picture to train on of 1 class was skipped: empty"),
      "\(outcome.errors)")
    let recipe = PhotosToPack.recipe.replacing("outputs: 4", with: "outputs: 5")
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    let trained = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "r", "--iterations", "1"], in: directory)
    #expect(trained.exitCode == 0)
    #expect(
      trained.errors == "prelu-dist: warning: photos.h5: 1 class has no image to train on: empty\n",
      "\(trained.errors)")
  }
}
