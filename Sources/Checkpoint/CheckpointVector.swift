/// The vectors of a checkpoint that make a network.
public enum CheckpointVector: Equatable, Sendable {
  /// The parameters as they are trained.
  case parameters
  /// The moving average of the parameters.
  case average

  /// The group of the file that holds it.
  var group: String {
    switch self {
    case .parameters: CheckpointLayout.data
    case .average: CheckpointLayout.average
    }
  }
}
