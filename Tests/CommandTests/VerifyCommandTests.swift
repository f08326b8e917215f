import Foundation
import TestSupport
import Testing

/// Tests of `inspect --verify`, which reads everything and says what is not whole.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct VerifyCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  private func verify(_ path: String, _ more: String...) throws -> Program.Outcome {
    try Program.run(["inspect", "--verify", path] + more, in: directory)
  }

  private func damage(_ name: String, at places: some Sequence<Int>) throws {
    var bytes = try folder.bytes(name)
    for place in places { bytes[place] ^= 0x10 }
    try folder.write(bytes, to: name)
  }

  @Test func aRunIsReadWhole() throws {
    let run = try Program.run(
      [
        "--recipe", try smallFashion(), "--run", "r", "--width", "4", "--threads", "1", "--iterations", "2",
        "--checkpoint-every", "1", "--quiet",
      ], in: directory)
    try #require(run.exitCode == 0, "\(run.errors)")
    let whole = try verify("r")
    #expect(whole.exitCode == 0 && whole.errors.isEmpty, "\(whole.errors)")
    for name in ["checkpoint-0.h5", "checkpoint-1.h5", "checkpoint-2.h5", "owner.json", "latest", "config.yaml"] {
      #expect(whole.output.contains("whole      r/\(name): "), "\(name): \(whole.output)")
    }
    #expect(whole.output.contains("whole      r, its tables: ") && !whole.output.contains("not whole"))
    #expect(try verify("r/checkpoint-1.h5").output.hasPrefix("whole      r/checkpoint-1.h5: iteration 1, "))
    // A damaged checkpoint, a pointer to nothing and a table that is none are each named.
    // Single bytes may hold nothing.
    let size = try folder.bytes("r/checkpoint-1.h5").count
    try damage("r/checkpoint-1.h5", at: stride(from: size / 4, to: size * 3 / 4, by: 64))
    try folder.write(Array("checkpoint-9.h5\n".utf8), to: "r/latest")
    try folder.write(Array("a,b\n1,2\n".utf8), to: "r/metrics.csv")
    let damaged = try verify("r")
    #expect(damaged.exitCode == 65)
    #expect(damaged.output.contains("not whole  r/checkpoint-1.h5: "), "\(damaged.output)")
    #expect(
      damaged.output.contains(
        "not whole  r/latest: expected the name of a checkpoint that is there, found checkpoint-9.h5"),
      "\(damaged.output)")
    #expect(damaged.output.contains("not whole  r, its tables: r/metrics.csv: "), "\(damaged.output)")
    #expect(damaged.output.contains("whole      r/checkpoint-2.h5: iteration 2, "), "\(damaged.output)")
    #expect(
      damaged.errors
        == "prelu-dist: r: expected everything whole, found r/checkpoint-1.h5 and 2 other files not to be: "
        + "take another copy of what is damaged; a run continues from a whole checkpoint by itself\n",
      "\(damaged.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(try verify("r", "--json").output.utf8)) as? [String: Any])
    #expect(object["whole"] as? Bool == false && (object["files"] as? [Any])?.count == 7, "\(object)")
  }

  @Test func everyPictureOfAPackIsRead() throws {
    for number in 0..<6 {
      try folder.copy("\(goldenPhotos)/rgb-420.jpg", to: "photos/class \(number % 2)/\(number).jpg")
    }
    let packed = try Program.run(
      [
        "pack", "photos", "-o", "p.h5", "--hold-out", "2", "--mean-side", "20", "--mean-crop", "16", "--keep",
        "--quiet",
      ], in: directory)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let whole = try verify("p.h5")
    #expect(whole.exitCode == 0, "\(whole.errors)")
    #expect(
      whole.output == "whole      p.h5, /training: 4 pictures\nwhole      p.h5, /validation: 2 pictures\n",
      "\(whole.output)")
    let picture = try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-420.jpg"))
    let place = try #require(Data(try folder.bytes("p.h5")).range(of: picture)).lowerBound + 700
    try damage("p.h5", at: [place])
    let damaged = try verify("p.h5")
    #expect(damaged.exitCode == 65)
    #expect(
      damaged.output.contains("picture 0 (class 0/0.jpg): expected the bytes that were packed"), "\(damaged.output)")
    #expect(damaged.output.contains("not whole  p.h5, /training: 1 picture of 4 are damaged"), "\(damaged.output)")
    #expect(damaged.output.contains("whole      p.h5, /validation: 2 pictures\n"), "\(damaged.output)")
  }

  @Test func nothingIsMissing() throws {
    let outcome = try verify("nowhere")
    #expect(outcome.exitCode == 66)
    #expect(
      outcome.errors == "prelu-dist: nowhere: expected a pack, a run folder or a checkpoint, found nothing\n",
      "\(outcome.errors)")
    let none = try Program.run(["inspect", "--verify", "--model", "A"], in: directory)
    #expect(none.exitCode == 64 && none.errors.contains("--verify needs a checkpoint, a run folder or a pack."))
  }
}
