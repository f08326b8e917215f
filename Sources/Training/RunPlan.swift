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
  /// The remarks on a new run's settings, a sentence each.
  var notes: [String] = []
  /// The folder of the run that `checkpoint` lies in, where a copy of the run goes on elsewhere; nil otherwise.
  var copiedFrom: String?
  /// The iteration of the newest file in the run folder that has a checkpoint's name; nil where there is none. Until
  /// the run has claimed its folder, another process may write there.
  var newestFile: Int?

  /// Finds the run folder and the checkpoint, and resolves the configuration; changes no file.
  init(_ request: ConfigurationRequest, _ settings: TrainingSettings) throws {
    let found = try RunBeginning(request, settings)
    (runFolder, copiedFrom, newestFile) = (found.folder, found.copiedFrom, found.newestFile)
    guard let resumed = found.resumed else {
      let (recipe, resolved) = try request.resolution()
      var fresh = resolved
      try fresh.checkWeightsHaveSource()
      notes = request.notes(on: fresh, of: recipe)
      // The run notes what it began with, wherever the file goes.
      if !fresh.weights.source.isEmpty, fresh.weights.digest.isEmpty {
        fresh.weights.digest = try WeightSource(fresh.weights.source).digest
      }
      configuration = fresh.json()
      return
    }
    let stored = try Configuration(json: resumed.header.configuration, source: resumed.path)
    let written = try Self.writtenSettings(in: copiedFrom ?? runFolder, stored)
    var wanted = try request.resolved(over: written)
    wanted.weights.digest = stored.weights.digest
    // The run has its own name for the source.
    if WeightSource.relation(of: wanted.weights.source, to: stored.weights) == .same {
      wanted.weights.source = written.weights.source
    }
    let differences = wanted.differences(from: written, named: request.namedSettings)
    guard differences.isEmpty else {
      throw Refusal(
        .usage,
        "\(resumed.path): the run was started with other settings than asked for now: "
          + differences.joined(separator: "; ")
          + ". Continue without these options, or start a new run from this one's weights with --weights "
          + (found.copiedFrom ?? found.folder))
    }
    configuration = wanted.json()
    checkpoint = resumed.path
    state = resumed.header.state
    dataFingerprint = resumed.header.dataFingerprint
    // A copy leaves them where they are.
    passedOver = copiedFrom == nil ? resumed.skipped : []
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
}
