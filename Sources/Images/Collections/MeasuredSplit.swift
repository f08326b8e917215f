/// The split of a data set that a trained network is measured on.
public enum MeasuredSplit: String, CaseIterable, Sendable {
  case test
  /// The images that were kept back from the training split, or a pack's own validation split.
  case validation
}
