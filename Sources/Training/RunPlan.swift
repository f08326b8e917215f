import Checkpoint
import Configuration
import Foundation
import System
import Weights

/// The plan of a run's start, made on rank 0 and sent to all ranks.
struct RunPlan: Codable {
  var runFolder: String
  /// The resolved configuration as JSON.
  var configuration: String
  /// The checkpoint to go on from; nil for a new run.
  var checkpoint: String?
  /// The state in the checkpoint.
  var state: TrainingState?
  /// The fingerprint of the data that the checkpoint was trained on, as JSON.
  var dataFingerprint: String?
  /// The newer checkpoints that cannot be gone on from.
  var passedOver: [PassedOver] = []

  /// Finds the run folder and the checkpoint, and resolves the configuration; changes no file.
  init(_ request: ConfigurationRequest, _ settings: TrainingSettings) throws {
    let found = try Self.find(request, settings)
    runFolder = found.folder
    guard let resumed = found.resumed else {
      var fresh = try request.resolved()
      // The run notes what it began with, wherever the file goes.
      if !fresh.weights.source.isEmpty, fresh.weights.digest.isEmpty {
        fresh.weights.digest = try WeightSource(fresh.weights.source).digest
      }
      configuration = fresh.json()
      return
    }
    let stored = try Configuration(json: resumed.header.configuration, source: resumed.path)
    let written = try Self.writtenSettings(in: runFolder, stored)
    var wanted = try request.resolved(over: written)
    wanted.weights.digest = stored.weights.digest
    let differences = wanted.differences(from: written, named: request.namedSettings)
    guard differences.isEmpty else {
      throw Refusal(
        .usage,
        "\(resumed.path): the run was started with other settings than asked for now: "
          + differences.joined(separator: "; ")
          + ". Continue without these options, or start a new run from this one's weights with --weights "
          + found.folder)
    }
    configuration = wanted.json()
    checkpoint = resumed.path
    state = resumed.header.state
    dataFingerprint = resumed.header.dataFingerprint
    passedOver = resumed.skipped
  }

  /// Returns the settings in a run's folder, which a person may have edited, or those of its checkpoint where the
  /// folder has none.
  ///
  /// - Throws: `Refusal` where they would make another run of it: it would go on with those that it began with, and
  ///   write over the edited ones.
  private static func writtenSettings(
    in folder: String, _ stored: Configuration
  ) throws -> Configuration {
    let path = try RunFolder.open(at: folder).file(RunFolder.configuration)
    guard FileSystem.exists(path) else { return stored }
    let written: Configuration
    do throws(ConfigurationError) {
      written = try Configuration.load(recipe: path)
    } catch {
      throw Refusal(
        .badData, "\(error); or remove the file: it is written again with the settings that the run began with")
    }
    // The file names every setting, so that another precision there was meant.
    let differences = written.differences(from: stored, named: ["training.precision"])
    guard differences.isEmpty else {
      throw Refusal(
        .usage,
        "\(path): expected the settings that the run began with, found edited ones: "
          + differences.joined(separator: "; ")
          + ". Remove the file, which is written again, or begin a run by it: --recipe \(path) --run NEW")
    }
    return written
  }

  private typealias Resumed = (path: String, header: CheckpointHeader, skipped: [PassedOver])

  private static func find(
    _ request: ConfigurationRequest, _ settings: TrainingSettings
  ) throws -> (folder: String, resumed: Resumed?) {
    switch settings.start {
    case .resume(let path):
      return (path, try newestWhole(in: path))
    case .auto:
      let path = try settings.runFolder ?? lastSavedFolder(request.resolved())
      guard try holdsCheckpoints(path) else {
        try checkForeign(path)
        return (path, nil)
      }
      return (path, try newestWhole(in: path))
    case .new:
      if let path = settings.runFolder {
        if try holdsCheckpoints(path) {
          throw Refusal(
            .usage,
            "\(path): this folder already holds a run: continue it with --resume \(path), or choose another --run")
        }
        try checkForeign(path)
        return (path, nil)
      }
      let first = defaultFolder(try request.resolved())
      var path = first
      var number = 1
      while FileSystem.exists(path) {
        number += 1
        path = "\(first)-\(number)"
      }
      return (path, nil)
    }
  }

  /// Returns the checkpoint to go on from, once no other process of this host writes any.
  private static func newestWhole(in path: String) throws -> Resumed {
    let folder = try RunFolder.open(at: path)
    try folder.awaitNeighbor()
    return try folder.newestWhole(trains: true)
  }

  /// Returns the folder of a run that names none.
  private static func defaultFolder(_ configuration: Configuration) -> String { "run-\(configuration.recipe)" }

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

  private static func holdsCheckpoints(_ path: String) throws -> Bool {
    guard FileSystem.exists(path) else { return false }
    return try !RunFolder.open(at: path).checkpoints().isEmpty
  }
}
