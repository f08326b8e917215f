import Checkpoint
import Configuration
import System

/// The folder that a run writes to, and the checkpoint that it goes on from, as a person asks for them. Nothing is
/// changed there.
struct RunBeginning {
  typealias Resumed = (path: String, header: CheckpointHeader, skipped: [PassedOver])

  let folder: String
  /// The checkpoint to go on from; nil for a new run.
  private(set) var resumed: Resumed?
  /// The folder of the run that is gone on from, where a copy of it goes on in `folder`.
  private(set) var copiedFrom: String?
  /// The iteration of the newest file in `folder` that has a checkpoint's name; nil where there is none.
  private(set) var newestFile: Int?

  init(_ request: ConfigurationRequest, _ settings: TrainingSettings) throws {
    switch settings.start {
    case .resume(let path):
      let source = FileSystem.isRegularFile(path) ? FileSystem.folder(of: path) : path
      folder = settings.runFolder ?? source
      newestFile = try Self.newestFile(in: folder)
      guard !FileSystem.isSame(folder, source) else {
        resumed = try source == path ? Self.newestWhole(in: path) : Self.newestCheckpoint(path, in: source)
        return
      }
      resumed = try source == path ? RunFolder.open(at: path).newestWhole(trains: true) : Self.checkpoint(path)
      copiedFrom = source
      guard newestFile == nil else {
        throw Refusal(
          .usage,
          "\(folder): expected a new folder for a copy of \(path), found a run: continue that with --resume "
            + "\(folder), or choose another --run")
      }
      try Self.checkForeign(folder)
    case .auto:
      folder = try settings.runFolder ?? Self.lastSavedFolder(request.resolved())
      newestFile = try Self.newestFile(in: folder)
      if newestFile == nil { try Self.checkForeign(folder) } else { resumed = try Self.newestWhole(in: folder) }
    case .new:
      guard let path = settings.runFolder else {
        folder = Self.unusedFolder(try request.resolved())
        return
      }
      folder = path
      newestFile = try Self.newestFile(in: path)
      guard newestFile == nil else {
        throw Refusal(
          .usage,
          "\(path): this folder already holds a run: continue it with --resume \(path), or choose another --run")
      }
      try Self.checkForeign(path)
    }
  }

  // MARK: - Checkpoints

  /// Returns the checkpoint to go on from, once no other process of this host writes any.
  private static func newestWhole(in path: String) throws -> Resumed {
    let folder = try RunFolder.open(at: path)
    try folder.awaitNeighbor()
    return try folder.newestWhole(trains: true)
  }

  /// Returns a checkpoint by its own name, after a look at all of it.
  private static func checkpoint(_ path: String) throws -> Resumed {
    _ = try CheckpointFile.digest(ofFile: path)
    let header = try CheckpointFile.readHeader(path)
    guard header.hasMomentum else {
      throw Refusal(
        .badData,
        "\(path): expected a checkpoint that training can go on from, found an average, which has no momentum: begin a "
          + "new run from its weights with --weights \(path)")
    }
    return (path, header, [])
  }

  /// Returns a checkpoint that its own run is to go on from. It must be the run's newest: to go back would remove the
  /// others.
  private static func newestCheckpoint(_ path: String, in source: String) throws -> Resumed {
    let folder = try RunFolder.open(at: source)
    try folder.awaitNeighbor()
    let all = try folder.checkpoints()
    if let newest = all.first, FileSystem.name(of: newest.path) != FileSystem.name(of: path) {
      throw Refusal(
        .usage,
        "\(path): expected the newest checkpoint of its run, found \(newest.path), which the run would remove: "
          + "continue the run with --resume \(source), or a copy of it from here with --resume \(path) --run NEW")
    }
    guard !all.isEmpty else {
      throw Refusal(
        .usage,
        "\(path): expected a run folder around a checkpoint, found none: name a folder for the run that goes on from "
          + "here with --run NEW")
    }
    return try checkpoint(path)
  }

  private static func newestFile(in path: String) throws -> Int? {
    guard FileSystem.exists(path) else { return nil }
    return try RunFolder.open(at: path).checkpoints().first?.iteration
  }

  // MARK: - Folders

  /// Returns the folder of a run that names none.
  private static func defaultFolder(_ configuration: Configuration) -> String { "run-\(configuration.recipe)" }

  /// Returns the first of run-R, run-R-2, run-R-3 … that is not there.
  private static func unusedFolder(_ configuration: Configuration) -> String {
    let first = defaultFolder(configuration)
    var path = first
    var number = 1
    while FileSystem.exists(path) {
      number += 1
      path = "\(first)-\(number)"
    }
    return path
  }

  /// Returns that folder among run-R, run-R-2, run-R-3 …, which runs of recipe R are given where they name none, that
  /// was saved to last; the first of them where none holds a checkpoint.
  private static func lastSavedFolder(_ configuration: Configuration) throws -> String {
    let first = defaultFolder(configuration)
    var newest: (path: String, saved: Int, number: Int)?
    let names: [String]
    do throws(FileError) {
      names = try FileSystem.names(in: ".")
    } catch {
      throw Refusal(
        .inputOutput,
        ".: this folder cannot be listed (\(error.code.map { "\($0)" } ?? error.problem)): name the run with --run")
    }
    for name in names {
      guard let number = number(ofFolder: name, first: first),
        let checkpoint = try? RunFolder.open(at: name).checkpoints().first,
        let saved = try? FileSystem.status(checkpoint.path)?.modificationNanoseconds
      else { continue }
      if let newest, (newest.saved, newest.number) > (saved, number) { continue }
      newest = (name, saved, number)
    }
    return newest?.path ?? first
  }

  /// Returns 1 for run-R, n for run-R-n, and nil for any other name.
  private static func number(ofFolder name: String, first: String) -> Int? {
    if name == first { return 1 }
    guard name.hasPrefix("\(first)-"), let number = Int(name.dropFirst(first.count + 1)), number >= 2,
      name == "\(first)-\(number)"
    else { return nil }
    return number
  }

  /// Refuses a folder in which a new run would replace somebody's own file.
  private static func checkForeign(_ path: String) throws {
    guard FileSystem.isFolder(path), let file = try RunFolder.open(at: path).foreignFile() else { return }
    throw Refusal(
      .usage,
      "\(file): expected a folder in which a run may write, found a file of this name that no run has written: choose "
        + "another --run, or move the file")
  }
}
