import Foundation
import TestSupport
import Testing

/// Tests of the JSON objects of `bench` commands, whose keys scripts read.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct BenchObjectTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func object(_ arguments: String...) throws -> [String: Any] {
    let outcome = try Program.run(arguments, in: folder.path)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func checkpointsAreTimedAndRemoved() throws {
    try FileManager.default.createDirectory(atPath: "\(folder.path)/disk", withIntermediateDirectories: false)
    let timings = try object(
      "bench", "checkpoint", "--model", "fashion-6", "--folder", "disk", "--runs", "1", "--json")
    #expect(
      timings.keys.sorted() == ["bytes", "first_stall_seconds", "model", "stall_seconds", "written_seconds"])
    #expect(timings["model"] as? String == "fashion-6")
    // Some 430,000 parameters and their momentum take four bytes each.
    #expect(timings["bytes"] as? Int ?? 0 > 3_400_000)
    let (stall, written) = (timings["stall_seconds"] as? Double ?? 0, timings["written_seconds"] as? Double ?? 0)
    #expect(stall > 0 && written > stall)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/disk") == [])
  }

  @Test func samplesOfAPackAreTimed() throws {
    let photos = "\(folder.path)/photos/ant"
    try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
    for name in ["rgb-420.jpg", "grey.jpg"] {
      try FileManager.default.copyItem(atPath: "\(goldenPhotos)/\(name)", toPath: "\(photos)/\(name)")
    }
    let packed = try Program.run(
      ["pack", "photos", "-o", "p.h5", "--mean-side", "20", "--mean-crop", "16"], in: folder.path)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let timings = try object("bench", "feeding", "p.h5", "--samples", "3", "--runs", "1", "--json")
    #expect(
      timings.keys.sorted() == [
        "fastest_milliseconds", "mean_bytes", "milliseconds", "open_milliseconds", "pack", "processor_milliseconds",
        "samples",
      ])
    #expect(timings["pack"] as? String == "p.h5" && timings["samples"] as? Int == 3)
    let (median, fastest) = (timings["milliseconds"] as? Double, timings["fastest_milliseconds"] as? Double)
    #expect(median ?? 0 > 0 && fastest == median, "there was one run")
    let sizes = try ["rgb-420.jpg", "grey.jpg"].map { try Data(contentsOf: URL(filePath: "\(photos)/\($0)")).count }
    #expect(timings["mean_bytes"] as? Double == Double(sizes[0] + sizes[1]) / 2)
  }

  @Test(.enabled(if: hasFashionMNIST)) func errorsOfACheckpoint() throws {
    let folder = try runAndPack.copy()
    let outcome = try Program.run(
      [
        "bench", "convolution", "--checkpoint", "r", "--convolution", "direct", "--batch", "3", "--runs", "1", "--json",
      ], in: folder.path)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    let layers = try outcome.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(layers.count == 6)
    for layer in layers {
      #expect(layer["filters"] as? Int ?? 99 <= 16, "the run's own network is measured, of width 4")
      let error = (layer["forward"] as? [String: Any])?["relativeError"] as? Double
      #expect(0 < error ?? 0 && error ?? 1 < 1e-5, "\(layer)")
    }
    let both = try Program.run(["bench", "convolution", "--checkpoint", "r", "--model", "A"], in: folder.path)
    #expect(both.exitCode == 64 && both.errors.contains("--checkpoint brings its own model"), "\(both.errors)")
  }
}
