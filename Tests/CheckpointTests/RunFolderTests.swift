import Checkpoint
import Foundation
import System
import TestSupport
import Testing

@Suite struct RunFolderTests {
  let scratch: ScratchFolder
  let path: String
  var folder: RunFolder
  let network = TestNetwork([("conv1", 0, [4, 3, 3, 3]), ("conv1", 1, [4])], seed: 1)

  init() throws {
    scratch = try ScratchFolder()
    path = scratch.file("a/run")
    folder = try RunFolder.create(at: path)
    try folder.claim(runIdentifier: "first")
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  @discardableResult
  private func save(
    _ iteration: Int, best: Int? = nil, keep: Int = 3, in folder: RunFolder? = nil
  ) throws -> SavedCheckpoint {
    var state = testState(at: iteration)
    state.best = best.map { BestResult(validationTop1Error: 8.5, iteration: $0) }
    return try withExtendedLifetime(network) {
      try (folder ?? self.folder).save(
        tensors: network.tensors, state: state, configuration: "{}", dataFingerprint: "{}",
        provenance: testProvenance, keep: keep)
    }
  }

  /// Alters a byte of the first tensor's values.
  private func damage(_ iteration: Int) throws {
    let url = URL(fileURLWithPath: "\(path)/checkpoint-\(iteration).h5")
    var data = try Data(contentsOf: url)
    let values = try #require(network.tensors[0].values.baseAddress)
    let range = try #require(data.range(of: Data(bytes: values, count: 64)))
    data[range.lowerBound + 5] ^= 1
    try data.write(to: url)
  }

  @Test func savesAndPoints() throws {
    let saved = try save(20, best: 20)
    #expect(saved.path == "\(path)/checkpoint-20.h5")
    #expect(saved.bytes > 800)
    #expect(saved.removed.isEmpty && saved.warnings.isEmpty)
    try save(100, best: 20)
    #expect(try names() == ["best", "checkpoint-100.h5", "checkpoint-20.h5", "latest", "owner.json"])
    #expect(try text("latest") == "checkpoint-100.h5\n")
    #expect(try text("best") == "checkpoint-20.h5\n")
    #expect(try folder.best()?.path == "\(path)/checkpoint-20.h5" && folder.best()?.note == nil)
    let newest = try folder.newestWhole()
    #expect(newest.path == "\(path)/checkpoint-100.h5")
    #expect(newest.header.state.iteration == 100)
    #expect(newest.skipped.isEmpty)
    #expect(try RunFolder.open(at: path).checkpoints().map(\.iteration) == [100, 20])
    #expect((folder.freeBytes() ?? 0) > 0)
  }

  /// Caffe looks for the model by this name: the file's own, not the one under which it was written.
  @Test func caffeFindsTheModelInTheSameFile() throws {
    try save(20)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/checkpoint-20.h5"))
    #expect(bytes.range(of: Data("checkpoint-20.h5\0".utf8)) != nil)
    #expect(bytes.range(of: Data(".tmp.".utf8)) == nil)
  }

  @Test func keepsTheNewestAndTheBest() throws {
    for iteration in [2, 4, 6, 8, 10, 12] { try save(iteration, best: iteration < 4 ? nil : 4, keep: 2) }
    #expect(try folder.checkpoints().map(\.iteration) == [12, 10, 4])
    let saved = try save(14, best: 14, keep: 2)
    #expect(saved.removed == ["\(path)/checkpoint-10.h5", "\(path)/checkpoint-4.h5"])
    #expect(try folder.checkpoints().map(\.iteration) == [14, 12])
    // By number, not by letter.
    try save(100, best: 14, keep: 1)
    #expect(try folder.checkpoints().map(\.iteration) == [100, 14])
  }

  @Test func sameIterationAgain() throws {
    try save(5)
    try save(5)
    #expect(try folder.checkpoints().map(\.iteration) == [5])
    _ = try folder.newestWhole()
  }

  @Test func damagedNewestIsNamedAndTheOneBeforeUsed() throws {
    for iteration in [10, 20, 30] { try save(iteration) }
    try damage(30)
    try Data(count: 100).write(to: URL(fileURLWithPath: "\(path)/checkpoint-20.h5"))
    let newest = try folder.newestWhole()
    #expect(newest.header.state.iteration == 10)
    #expect(newest.skipped.count == 2)
    #expect(newest.skipped[0].description.hasPrefix("\(path)/checkpoint-30.h5: the checkpoint is damaged: "))
    #expect(newest.skipped[0].description.contains("Fletcher32"))
    #expect(
      newest.skipped[1].description
        == "\(path)/checkpoint-20.h5: expected a checkpoint (an HDF5 file), found a file of zeros of 100 bytes")
    try damage(10)
    expect(
      .missing,
      [
        "there is no whole checkpoint in this run folder", "checkpoint-30.h5", "checkpoint-10.h5",
        ". Name another run folder, or a checkpoint's file",
      ]
    ) {
      _ = try folder.newestWhole()
    }
    expect(.missing, [". Begin a new run with another --run"]) { _ = try folder.newestWhole(trains: true) }
  }

  @Test func killedBetweenTheRenames() throws {
    try save(10)
    try save(20)
    try Data("checkpoint-10.h5\n".utf8).write(to: URL(fileURLWithPath: "\(path)/latest"))
    #expect(try folder.newestWhole().header.state.iteration == 20)
    try Data("checkpoint-99.h5\n".utf8).write(to: URL(fileURLWithPath: "\(path)/latest"))
    #expect(
      try folder.newestWhole().skipped.map(\.description) == [
        "\(path)/latest: expected the name of a checkpoint that is there, found checkpoint-99.h5"
      ])
  }

  /// The newest checkpoint knows which one is the best, whatever the text `best` says.
  @Test func theBestIsFoundAgain() throws {
    for iteration in [10, 20, 30] { try save(iteration, best: iteration == 30 ? 20 : iteration) }
    let best = "\(path)/checkpoint-20.h5"
    let said = "\(path)/best: expected checkpoint-20.h5, which the newest checkpoint says is the best, found"
    for (content, found) in [
      ("checkpoint-10.h5\n", "checkpoint-10.h5"), ("../../other.h5\n", "no such name"), ("", "no such name"),
      ("checkpoint-99.h5", "checkpoint-99.h5"),
    ] {
      try Data(content.utf8).write(to: URL(fileURLWithPath: "\(path)/best"))
      let answer = try #require(try folder.best())
      #expect(answer.path == best && answer.note == "\(said) \(found)")
    }
    try FileManager.default.removeItem(atPath: "\(path)/best")
    #expect(try folder.best()?.note == "\(said) no such file")
    // Neither a save nor going on removes it, and both set the text right.
    try save(40, best: 20, keep: 1)
    #expect(try folder.checkpoints().map(\.iteration) == [40, 20] && text("best") == "checkpoint-20.h5\n")
    try Data("checkpoint-40.h5\n".utf8).write(to: URL(fileURLWithPath: "\(path)/best"))
    try folder.removeCheckpoints(after: 40, best: 20)
    #expect(try text("best") == "checkpoint-20.h5\n")
    // Without a checkpoint that can be read, the text is all there is.
    try Data(count: 100).write(to: URL(fileURLWithPath: "\(path)/checkpoint-40.h5"))
    #expect(try folder.best()?.path == best)
    try FileManager.default.removeItem(atPath: best)
    expect(.missing, ["\(best): expected the run's best checkpoint, found none. Name another of its checkpoints"]) {
      _ = try folder.best()
    }
  }

  @Test func nothingIsBestBeforeTheFirstEvaluation() throws {
    try save(10)
    #expect(try folder.best() == nil)
  }

  /// A checkpoint that training cannot go on from is kept under another name.
  @Test func whatIsPassedOverIsSetAside() throws {
    for iteration in [10, 20, 30] { try save(iteration) }
    try damage(30)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/checkpoint-30.h5"))
    try Data().write(to: URL(fileURLWithPath: "\(path)/checkpoint-30.h5.unused"))
    let moved = try folder.setAside(folder.newestWhole(trains: true).skipped)
    #expect(moved == ["\(path)/checkpoint-30.h5.unused-2"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: moved[0])) == bytes)
    try folder.removeCheckpoints(after: 20, best: nil)
    #expect(try folder.checkpoints().map(\.iteration) == [20, 10] && FileManager.default.fileExists(atPath: moved[0]))
  }

  @Test func killedWhileWriting() throws {
    try save(10)
    let leftovers = ["checkpoint-20.h5.tmp.first.4711", "latest.tmp.first.4711", "owner.json.tmp.other.1"]
    for name in leftovers { try Data(count: 5000).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    let others = ["notes.tmp.txt", "config.yaml"]
    for name in others { try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    #expect(try folder.newestWhole().header.state.iteration == 10)
    var next = try RunFolder.open(at: path)
    let unfinished = try next.claim(runIdentifier: "second")
    #expect(unfinished == ["checkpoint-20.h5"])
    #expect(try names() == ["checkpoint-10.h5", "config.yaml", "latest", "notes.tmp.txt", "owner.json"])
  }

  @Test func failedSaveChangesNothing() throws {
    try save(10, best: 10)
    let before = try names()
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      _ = try folder.save(
        iteration: 20, best: 20, keep: 1,
        write: { try Data(count: 10).write(to: URL(fileURLWithPath: $0)) }, verify: { _ in throw Refused() })
    }
    #expect(throws: Refused.self) {
      _ = try folder.save(
        iteration: 20, best: 20, keep: 1,
        write: {
          try Data(count: 10).write(to: URL(fileURLWithPath: $0))
          throw Refused()
        }, verify: { _ in })
    }
    #expect(try names() == before)
    #expect(try text("latest") == "checkpoint-10.h5\n")
    #expect(try text("best") == "checkpoint-10.h5\n")
  }

  @Test func writtenFileIsComparedWithWhatWasMeant() throws {
    expect(.damaged, ["was written"]) {
      _ = try folder.save(
        iteration: 20, best: nil, keep: 1, write: { try writeTestCheckpoint($0, network) },
        verify: { try CheckpointFile.verify($0, digest: String(repeating: "0", count: 64)) })
    }
    #expect(try names() == ["owner.json"])
  }

  @Test func temporaryNameSaysWhoWrites() throws {
    var seen = ""
    _ = try folder.save(
      iteration: 7, best: nil, keep: 1,
      write: {
        seen = $0
        try writeTestCheckpoint($0, network)
      }, verify: { _ in })
    #expect(seen == "\(path)/checkpoint-7.h5.tmp.first.\(getpid())")
  }

  @Test func olderRunIsRefusedAfterATakeover() throws {
    try save(10)
    var second = try RunFolder.open(at: path)
    try second.claim(runIdentifier: "second")
    let words = [
      "\(path): run folder taken over by run second, started at ", " on host ", "(process \(getpid()))",
      "this is run first", "stop one of the two",
    ]
    expect(.takenOver, words) { try save(20) }
    expect(.takenOver, words) { try folder.removeCheckpoints(after: 0, best: nil) }
    #expect(try folder.checkpoints().map(\.iteration) == [10])
    // In the middle of a save too: nothing is renamed any more.
    var third = try RunFolder.open(at: path)
    expect(.takenOver, ["taken over by run third"]) {
      _ = try second.save(
        iteration: 20, best: 20, keep: 1,
        write: {
          try writeTestCheckpoint($0, network)
          try third.claim(runIdentifier: "third")
        }, verify: { _ in })
    }
    expect(.takenOver, ["taken over by run fourth"]) {
      _ = try third.save(
        iteration: 20, best: 20, keep: 1, write: { try writeTestCheckpoint($0, network) },
        verify: { _ in
          var fourth = try RunFolder.open(at: path)
          try fourth.claim(runIdentifier: "fourth")
        })
    }
    #expect(try names() == ["checkpoint-10.h5", "latest", "owner.json"])
    try save(
      30,
      in: {
        var folder = try RunFolder.open(at: path)
        try folder.claim(runIdentifier: "fifth")
        return folder
      }())
  }

  @Test func aLivingNeighborKeepsItsFolder() throws {
    let other = try ChildProcess(
      "/bin/sleep", ["100"], environment: [:], in: path, output: "/dev/null", errors: "/dev/null")
    defer { kill(other.processIdentifier, SIGKILL) }
    let process = other.processIdentifier
    func claimed(startTicks: Int) throws -> String {
      let mine = try text("owner.json")
      return mine.replacing(/"process":\d+/, with: "\"process\":\(process)")
        .replacing(/"startTicks":\d+/, with: "\"startTicks\":\(startTicks)")
    }
    let ticks = try #require(RunningProcess.startTicks(of: process))
    let alive = try claimed(startTicks: ticks)
    try Data(alive.utf8).write(to: URL(fileURLWithPath: "\(path)/owner.json"))
    var second = try RunFolder.open(at: path)
    expect(
      .takenOver,
      [
        "\(path): expected a run folder that no other process writes to, found it in use by run first, process "
          + "\(process) on this host since ", "stop it (kill -USR1 \(process)), or choose another --run",
      ]
    ) { try second.claim(runIdentifier: "second", patience: 0) }
    #expect(try text("owner.json") == alive)
    // The process does not write to a copy of the folder.
    try FileManager.default.copyItem(atPath: path, toPath: "\(path)-copy")
    defer { try? FileManager.default.removeItem(atPath: "\(path)-copy") }
    try RunFolder.open(at: "\(path)-copy").awaitNeighbor(patience: 0)
    // A later process of the same number is another one.
    try Data(try claimed(startTicks: ticks - 1).utf8).write(to: URL(fileURLWithPath: "\(path)/owner.json"))
    try second.claim(runIdentifier: "second", patience: 0)
    // One that ends while it is waited for.
    try Data(alive.utf8).write(to: URL(fileURLWithPath: "\(path)/owner.json"))
    kill(process, SIGKILL)
    other.waitUntilExit()
    try second.claim(runIdentifier: "third", patience: 60)
    #expect(try text("owner.json").contains("\"run\":\"third\""))
  }

  @Test func missingOwnerIsNobodyElse() throws {
    try FileManager.default.removeItem(atPath: "\(path)/owner.json")
    try save(10)
    #expect(try text("owner.json").contains("\"run\":\"first\""))
    try Data("?".utf8).write(to: URL(fileURLWithPath: "\(path)/owner.json"))
    expect(
      .takenOver,
      [
        "owner.json: cannot be understood, so it is not known which run the folder belongs to. ",
        "Remove the file if no other process writes here",
      ]
    ) { try save(20) }
  }

  @Test func removesLaterCheckpoints() throws {
    for iteration in [10, 20, 30] { try save(iteration, best: iteration < 20 ? nil : 20) }
    try folder.removeCheckpoints(after: 30, best: 20)
    #expect(try folder.checkpoints().map(\.iteration) == [30, 20, 10])
    try folder.removeCheckpoints(after: 29, best: 20)
    #expect(try text("latest") == "checkpoint-20.h5\n")
    #expect(try folder.best()?.path == "\(path)/checkpoint-20.h5")
    try folder.removeCheckpoints(after: 15, best: nil)
    #expect(try names() == ["checkpoint-10.h5", "latest", "owner.json"])
    try folder.removeCheckpoints(after: 5, best: nil)
    #expect(try names() == ["owner.json"])
  }

  @Test func symbolicLinksAreReplacedNotFollowed() throws {
    try scratch.write([1, 2, 3], to: "precious")
    for name in ["checkpoint-10.h5", "latest", "checkpoint-10.h5.tmp.first.\(getpid())"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(path)/\(name)", withDestinationPath: scratch.file("precious"))
    }
    try save(10)
    #expect(try scratch.bytes("precious") == [1, 2, 3])
    #expect(try folder.newestWhole().header.state.iteration == 10)
    #expect(
      try FileManager.default.attributesOfItem(atPath: "\(path)/latest")[.type] as? FileAttributeType == .typeRegular)
  }

  @Test func namesThatAreNoCheckpoints() throws {
    for name in ["checkpoint-.h5", "checkpoint-01.h5", "checkpoint--1.h5", "checkpoint-5.h5.bak", "Checkpoint-5.h5"] {
      try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    #expect(try folder.checkpoints().isEmpty)
    expect(.missing, ["there is no whole checkpoint"]) { _ = try folder.newestWhole() }
  }

  @Test func foldersThatCannotBe() throws {
    try scratch.write([], to: "file")
    let (none, file) = (scratch.file("none"), scratch.file("file"))
    let found = "expected a run folder, found a file"
    expect(
      .missing, ["\(none): there is no such run folder. Name a folder that `prelu-dist train` has made, or begin one"]
    ) { _ = try RunFolder.open(at: none) }
    expect(.wrongKind, ["\(file): \(found). The run of a checkpoint is the folder that it lies in"]) {
      _ = try RunFolder.open(at: file)
    }
    expect(.cannotCreate, ["\(file): \(found). Choose another --run"]) { _ = try RunFolder.create(at: file) }
    expect(
      .cannotCreate,
      ["\(file)/run: the run folder cannot be created: Not a directory (\(file)/run). Choose another --run"]
    ) { _ = try RunFolder.create(at: "\(file)/run") }
    let again = try RunFolder.create(at: path + "/")
    #expect(again.file("x") == path + "/x")
  }

  /// A test that hangs here waits for somebody to write to a pipe.
  @Test func pipesInTheFolderAreNotWaitedFor() throws {
    try save(10, best: 10)
    for name in ["latest", "best", "owner.json"] {
      unlink(folder.file(name))
      #expect(mkfifo(folder.file(name), 0o600) == 0)
    }
    let owner = folder.file("owner.json")
    expect(.wrongKind, ["\(owner): expected a file, found a pipe or a device"]) { try save(20) }
    #expect(try folder.best()?.note?.hasSuffix("found no such name") == true)
    #expect(try folder.newestWhole().header.state.iteration == 10)
  }

  @Test func folderMovesWhole() throws {
    try save(10, best: 10)
    let moved = scratch.file("moved")
    try FileManager.default.moveItem(atPath: path, toPath: moved)
    let folder = try RunFolder.open(at: moved)
    #expect(try folder.newestWhole().path == "\(moved)/checkpoint-10.h5")
    #expect(try folder.best()?.path == "\(moved)/checkpoint-10.h5")
  }
}
