import ArgumentParser
import Configuration

extension Configuration.Training.OnDivergence: ExpressibleByArgument {}

/// The steps of `train`, and the conditions under which it stops.
struct ScheduleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The number of epochs of the whole run. The learning rate drops after the epochs that the recipe names, however "
        + "many there are.",
      valueName: "epochs"))
  var epochs: Int?

  @Option(help: ArgumentHelp("The number of images of a step, on all ranks together.", valueName: "images"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "The number of leaves that a step is divided into, a power of two: 1, 2, 4 … as many ranks get the same bits.",
      valueName: "number"))
  var leaves: Int?

  @Option(help: ArgumentHelp("The learning rate before its first drop.", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("The seed of everything that is random.", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp("Save and stop when the run has done this many iterations in all.", valueName: "iterations"))
  var iterations: Int?

  @Option(help: ArgumentHelp("Save and stop after this many minutes, with exit code 75.", valueName: "minutes"))
  var timeLimit: Double?

  @Option(
    help: ArgumentHelp(
      "What happens when the loss or a gradient is NaN or infinite: stop, or rollback to the last checkpoint with a "
        + "tenth of the learning rate, at most twice (default: stop).",
      valueName: "action"))
  var onDivergence: Configuration.Training.OnDivergence?

  func validate() throws {
    try checkRange("--iterations", iterations, .atLeast(0))
    try checkRange("--time-limit", timeLimit, .above(0), unit: "minutes")
  }

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] {
    [
      "training.epochs": epochs.map { _ in "--epochs" }, "training.batch": batch.map { _ in "--batch" },
      "training.leaves": leaves.map { _ in "--leaves" },
      "solver.learningRate": learningRate.map { _ in "--learning-rate" },
      "training.seed": seed.map { _ in "--seed" },
      "training.onDivergence": onDivergence.map { _ in "--on-divergence" },
    ].compactMapValues(\.self)
  }

  func apply(to configuration: inout Configuration) {
    if let epochs { configuration.training.epochs = epochs }
    if let batch { configuration.training.batch = batch }
    if let leaves { configuration.training.leaves = leaves }
    if let learningRate { configuration.solver.learningRate = learningRate }
    if let seed { configuration.training.seed = seed }
    if let onDivergence { configuration.training.onDivergence = onDivergence }
  }
}
