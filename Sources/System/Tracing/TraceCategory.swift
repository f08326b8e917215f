/// The kind of work that an event shows.
public enum TraceCategory: UInt8, CaseIterable, Sendable {
  /// A whole step.
  case step
  /// A part of a step.
  case part
  /// A layer's filters, made ready for a pass.
  case filters
  /// A layer forward.
  case forward
  /// A layer backward: the gradients of its input and of its parameters.
  case backward
  /// A phase inside a layer, whose pieces a team shares out.
  case phase
  /// A thread that waits for others of its team.
  case wait
  /// Messages and sums over the ranks.
  case communication
  /// New parameters.
  case update
  /// Samples that are read and decoded, or waited for.
  case loading
  case checkpoint
  case evaluation

  /// The word for it in the file, by which viewers filter.
  package var name: String {
    switch self {
    case .step: "step"
    case .part: "part"
    case .filters: "layer,filters"
    case .forward: "layer,forward"
    case .backward: "layer,backward"
    case .phase: "phase"
    case .wait: "wait"
    case .communication: "communication"
    case .update: "update"
    case .loading: "loading"
    case .checkpoint: "checkpoint"
    case .evaluation: "evaluation"
    }
  }

  /// The meaning of the number that comes with an event; nil where none does.
  package var argumentName: String? {
    switch self {
    case .step, .checkpoint: "iteration"
    case .forward, .backward: "leaf"
    case .phase: "pieces"
    case .loading: "sample"
    case .part, .filters, .wait, .communication, .update, .evaluation: nil
    }
  }
}
