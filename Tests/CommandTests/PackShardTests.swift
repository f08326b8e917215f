import Foundation
import Packs
import TestSupport
import Testing

/// Tests of packs that are divided among several files.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackShardTests {
  private let photos: PhotosToPack
  private var folder: ScratchFolder { photos.folder }
  private var directory: String { photos.directory }

  init() throws { photos = try PhotosToPack() }

  @Test func shardsHoldTheSamePictures() throws {
    try photos.makePhotos(150)
    #expect(try photos.pack(["photos", "-o", "one.h5"]).exitCode == 0)
    #expect(try photos.pack(["photos", "-o", "many.h5", "--shards", "2"], ranks: 2).exitCode == 0)
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
    try photos.makePhotos()
    #expect(try photos.pack(["photos", "-o", "one.h5"]).exitCode == 0)
    let outcome = try photos.pack(["photos", "-o", "many.h5", "--shards", "300"], ranks: 2)
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
    let recipe = PhotosToPack.recipe.replacing("photos.h5", with: "\(directory)/many.h5")
    try folder.write(Array(recipe.utf8), to: "own.yaml")
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
    try photos.makePhotos()
    let shards = (1...3).map { "a-\($0)-of-3.h5" }
    let command = ["photos", "-o", "a.h5", "--shards", "3"]
    #expect(try photos.pack(command).exitCode == 0)
    let whole = try shards.map { try folder.bytes($0) }
    for name in shards { try FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    // A packing that ends before the pack is put together leaves its blocks.
    let picture = "photos/class 3/7.png"
    let original = try folder.bytes(picture)
    try folder.write([1, 2, 3], to: picture)
    #expect(try photos.pack(command).exitCode == 65)
    try folder.write(original, to: picture)
    try folder.write(whole[0], to: shards[0])
    try folder.write(Array(whole[1].prefix(1000)), to: "\(shards[1]).tmp")
    let outcome = try photos.pack(command, ranks: 2)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try shards.map { try folder.bytes($0) } == whole)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("a") }.sorted() == shards)

    // Neither a file of another pack is replaced, nor one of this pack without a packing that was killed.
    #expect(try photos.pack(command).exitCode == 73)
    try folder.copy("\(goldenPhotos)/rgb.png", to: "photos/class 3/another.png")
    try FileManager.default.removeItem(atPath: "\(directory)/\(shards[1])")
    try FileManager.default.createDirectory(atPath: "\(directory)/a.h5.work", withIntermediateDirectories: false)
    let refused = try photos.pack(command)
    #expect(refused.exitCode == 73, "\(refused.errors)")
    #expect(refused.errors.contains("a-1-of-3.h5: there is a file of that name already"), "\(refused.errors)")
    #expect(try folder.bytes(shards[0]) == whole[0] && folder.bytes(shards[2]) == whole[2])
  }
}
