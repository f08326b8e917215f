import Foundation
import TestSupport
import Testing

/// Tests of signals to `pack`, and of SIGKILL, which no program can prepare for: the same command continues, and the
/// pack is that of an undisturbed packing, byte for byte.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackKillTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }
  private let pictures = 400

  /// Writes a list that names large pictures many times, so that packing takes a while.
  init() throws {
    folder = try ScratchFolder()
    let kinds = ["large.jpg", "rgb-420.jpg", "large.jpg", "rgb.png", "cmyk.jpg", "large.jpg"]
    let lines = (0..<pictures).map { "\(kinds[$0 % kinds.count]) \($0 % 4)\n" }
    try Data(lines.joined().utf8).write(to: URL(filePath: "\(directory)/list.txt"))
  }

  private func command(_ output: String, shards: Int = 1) -> [String] {
    return [
      "pack", "list.txt", "--root", goldenPhotos, "-o", output, "--threads", "1", "--shorter-side", "300", "--shards",
      "\(shards)",
    ]
  }

  private func names(_ folder: String = "") -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(folder)")) ?? []
  }

  /// The files of a pack, in the order of their names.
  private func contents(_ pack: String) throws -> [Data] {
    try names().filter { $0.hasPrefix(pack) && $0.hasSuffix(".h5") }.sorted()
      .map { try Data(contentsOf: URL(filePath: "\(directory)/\($0)")) }
  }

  private func expectWhole(_ outcome: Program.Outcome, _ pack: String, _ whole: [Data]) throws {
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try contents(pack) == whole)
    let left = names().filter { $0.hasPrefix(pack) && !$0.hasSuffix(".h5") }
    #expect(left.isEmpty, "what the killed left is cleared away: \(left)")
  }

  private func whole(shards: Int = 1) throws -> [Data] {
    let outcome = try Program.run(command("whole.h5", shards: shards), in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let whole = try contents("whole")
    #expect(whole.count == shards)
    return whole
  }

  /// The signal goes to the only process, or to one of two ranks.
  @Test(arguments: [(SIGTERM, nil), (SIGTERM, 2), (SIGKILL, nil)] as [(Int32, Int?)])
  func stoppedWhilePicturesAreTakenIn(signal: Int32, ranks: Int?) throws {
    let (process, _, errors) = try Program.start(command("cut.h5"), ranks: ranks, in: directory)
    try #require(Program.wait { names("cut.h5.work").contains("block-0") || !process.isRunning } && process.isRunning)
    kill(ranks == nil ? process.processIdentifier : Program.descendants(of: process).max() ?? 0, signal)
    process.waitUntilExit()
    if signal == SIGKILL {
      #expect(process.terminationReason == .uncaughtSignal)
    } else {
      let said = try String(contentsOf: errors, encoding: .utf8)
      #expect(process.terminationStatus == 75, "\(said)")
      #expect(
        said.contains("a signal stopped the packing; the same command continues from what is in cut.h5.work"), "\(said)"
      )
    }
    let finished = names("cut.h5.work").count { $0.hasPrefix("block-") && !$0.hasSuffix(".tmp") }
    #expect(try (1...50).contains(finished) && contents("cut").isEmpty)
    let outcome = try Program.run(command("cut.h5"), in: directory)
    #expect(outcome.output.contains("\(8 * finished) pictures are done already"), "\(finished): \(outcome.output)")
    try expectWhole(outcome, "cut", whole())
  }

  /// Kills come while files are laid out, copied, read back, named and cleared away; there are many files, so that each
  /// of these takes a while.
  @Test func killedWhileThePackIsPutTogether() throws {
    let shards = 200
    let whole = try whole(shards: shards)
    var killed = 0
    for delay in [0, 2, 5, 10, 20, 40, 80, 160, 320, 640] as [UInt32] {
      let (process, _, _) = try Program.start(command("cut.h5", shards: shards), in: directory)
      let before = Set(names())
      try #require(
        Program.wait { names().contains { $0.hasSuffix(".tmp") && !before.contains($0) } || !process.isRunning })
      usleep(1000 * delay)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      guard process.terminationReason == .uncaughtSignal, names().contains("cut.h5.work") else { break }
      killed += 1
    }
    // Without a kill the test would have tested nothing.
    #expect(killed >= 3)
    // If no kill came after a file had its name, one more comes as soon as the first has it.
    let (process, _, _) = try Program.start(command("cut.h5", shards: shards), in: directory)
    try #require(Program.wait { names().contains("cut-1-of-200.h5") || !process.isRunning })
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    guard names().contains("cut.h5.work") else { return #expect(try contents("cut") == whole) }
    try expectWhole(Program.run(command("cut.h5", shards: shards), ranks: 2, in: directory), "cut", whole)
  }
}
