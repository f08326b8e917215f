import ArgumentParser
import Checkpoint

/// The choice between a checkpoint's weights and their moving average.
struct WeightChoiceOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Take the weights as they were trained, not their moving average, which is taken where a run keeps one "
        + "(regularization.averageDecay)."))
  var plainWeights = false

  /// The vector that was asked for; nil for the average where there is one.
  var vector: CheckpointVector? { plainWeights ? .parameters : nil }
}
