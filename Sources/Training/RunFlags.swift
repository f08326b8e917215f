/// The wishes that ranks tell one another with a step, as ``StepOrder/flags``.
struct RunFlags: OptionSet {
  let rawValue: UInt32
  /// The rank wants to stop after the step.
  static let stop = RunFlags(rawValue: 1)
  /// Rank 0 wants a checkpoint after the step.
  static let save = RunFlags(rawValue: 2)
  /// Rank 0 expects a step that takes long: the ranks ask one another again after it, so that a wish to stop that comes
  /// meanwhile does not wait for the next step.
  static let asksAgain = RunFlags(rawValue: 4)
}
