import Foundation
import TestSupport
import Testing

/// Tests of packings that go on from the blocks of an earlier start.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackResumptionTests {
  private let photos: PhotosToPack
  private var folder: ScratchFolder { photos.folder }
  private var directory: String { photos.directory }

  init() throws { photos = try PhotosToPack() }

  @Test func goesOnAfterAKill() throws {
    try photos.makePhotos(150)
    #expect(try photos.pack(["photos", "-o", "whole.h5"]).exitCode == 0)
    // The last picture breaks, so that the blocks before it are done when the packing ends.
    let last = "photos/class 3/99.jpg"
    let whole = try folder.bytes(last)
    try folder.write(Array(whole.dropLast(whole.count / 2)), to: last)
    #expect(try photos.pack(["photos", "-o", "cut.h5", "--threads", "1"]).exitCode == 65)
    let work = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/cut.h5.work")
    #expect(Set(work) == Set((0..<74).map { "block-\($0)" }))
    try folder.write(whole, to: last)
    // A block that a kill left half written is made again.
    let block = try folder.bytes("cut.h5.work/block-1")
    try folder.write(Array(block.dropLast(7)), to: "cut.h5.work/block-1")
    let outcome = try photos.pack(["photos", "-o", "cut.h5"], ranks: 2)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("584 pictures are done already"), "\(outcome.output)")
    #expect(try folder.bytes("cut.h5") == folder.bytes("whole.h5"))
  }

  /// Blocks that wait from an earlier start hold the files as they were then.
  @Test func filesThatChangedSinceAreTakenAnew() throws {
    try photos.makePhotos(12)
    let (last, changed, broken) = ("photos/class 3/47.jpg", "photos/class 0/0.jpg", "photos/class 1/1.jpg")
    let whole = try folder.bytes(last)
    let jpeg = Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-422.jpg")))
    try folder.write(Array(jpeg.dropLast(jpeg.count / 2)), to: broken)
    // The last picture cannot be read, so that the blocks before it wait.
    try FileManager.default.removeItem(atPath: "\(directory)/\(last)")
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory)/\(last)", withDestinationPath: PhotosToPack.unreadable)
    let skip = ["photos", "-o", "a.h5", "--on-error", "skip", "--threads", "1"]
    #expect(try photos.pack(skip).exitCode == 66)
    try FileManager.default.removeItem(atPath: "\(directory)/\(last)")
    try folder.write(whole, to: last)
    try folder.write(jpeg, to: broken)
    // The new file has the same length and a later time.
    let before = try folder.bytes(changed)
    var after = before
    // The byte is the density of the picture's dots.
    after[15] ^= 1
    try folder.write(after, to: changed)
    let outcome = try photos.pack(skip)
    #expect(outcome.exitCode == 0 && outcome.output.contains("48 to train on; 0 skipped"), "\(outcome.output)")
    let words = "pictures are done already"
    #expect(outcome.output.contains(words), "nothing was left of the first start: \(outcome.output)")
    #expect(try photos.pack(["photos", "-o", "b.h5"]).exitCode == 0)
    #expect(try folder.bytes("a.h5") == folder.bytes("b.h5"))
  }
}
