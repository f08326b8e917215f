import Checkpoint
import Configuration
import System

extension WeightSource {
  /// The relation of a path to the source that a recipe names.
  public enum Relation: Equatable, Sendable {
    /// It leads to the same weights, perhaps by another name.
    case same
    /// It leads to weights of the same run: another checkpoint of the same network and inputs.
    case sameRun
    case other
  }

  /// Whether a path leads to a run, or to its checkpoint, that began with a recipe's source: what the recipe says of
  /// that source, as a run's own settings do, is done.
  public static func hasBegun(_ path: String, with weights: Configuration.Weights) -> Bool {
    guard !path.isEmpty, !weights.source.isEmpty, let file = try? RunFolder.checkpointPath(path),
      let header = try? CheckpointFile.readHeader(file),
      let own = try? Configuration(json: header.configuration, source: file).weights
    else { return false }
    return own.source == weights.source && (weights.digest.isEmpty || own.digest == weights.digest.lowercased())
  }

  /// Compares what a path leads to with the source of a recipe. A run folder stands for its best checkpoint, links are
  /// followed, and a copy of what the recipe's digest was taken of is the same source. Nothing there is another source:
  /// whoever opens it says what is wrong.
  public static func relation(of path: String, to weights: Configuration.Weights) -> Relation {
    guard !weights.source.isEmpty else { return .other }
    if FileSystem.isSame(path, weights.source) { return .same }
    if let file = try? RunFolder.checkpointPath(path), let own = try? RunFolder.checkpointPath(weights.source),
      FileSystem.isSame(file, own)
    {
      return .same
    }
    if !weights.digest.isEmpty, let source = try? WeightSource(path), source.digest == weights.digest.lowercased() {
      return .same
    }
    if let run = RunFolder.folder(around: path), run == RunFolder.folder(around: weights.source) { return .sameRun }
    return .other
  }
}
