/// The split of a data set that a trained network is measured on.
public enum MeasuredSplit: String, CaseIterable, Sendable {
  case test
  /// The images that were put aside of the training split, or a pack's own validation split.
  case validation
}
