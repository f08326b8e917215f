import ArgumentParser

/// The output of `train`: on the console, and in the run's folder beside checkpoints and tables.
struct RecordOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Whether report.html is written into the run's folder at every evaluation.")
  var report = true

  @Flag(
    help: ArgumentHelp(
      "Write event files for TensorBoard into the run's folder, with every figure of metrics.csv and the coefficients."
    ))
  var tensorboard = false

  @Option(
    help: ArgumentHelp(
      "Write each layer's response, gradient and update to statistics.csv in the run's folder, every this many "
        + "iterations.",
      valueName: "iterations"))
  var logStatistics: Int?

  @Flag(help: "Print only warnings and errors.")
  var quiet = false

  func validate() throws { try checkRange("--log-statistics", logStatistics, .atLeast(1)) }
}
