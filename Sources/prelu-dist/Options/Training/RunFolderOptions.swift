import ArgumentParser
import Configuration
import Training

/// The run folder of `train`: where a run begins or continues, and what it saves there.
struct RunFolderOptions: ParsableArguments {
  @Option(name: .customLong("run"), help: ArgumentHelp("The run's folder (default: run-RECIPE).", valueName: "dir"))
  var path: String?

  @Option(
    help: ArgumentHelp(
      "Continue from the newest whole checkpoint of this run folder, or from this checkpoint; with another --run "
        + "a copy goes on there. auto stands for the folder of --run, or else for that of the recipe's run that was "
        + "saved last; where there is none, a new run begins.",
      valueName: "run|checkpoint|auto"))
  var resume: String?

  @Flag(help: "Continue a run although the data differ from those that it was trained on.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Save a checkpoint every this many iterations, in addition to those at the ends of epochs.",
      valueName: "iterations"))
  var checkpointEvery: Int?

  var start: TrainingSettings.Start {
    guard let resume else { return .new }
    return resume == "auto" ? .auto : .resume(resume)
  }

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] {
    checkpointEvery == nil ? [:] : ["checkpoint.everyIterations": "--checkpoint-every"]
  }

  func apply(to configuration: inout Configuration) {
    if let checkpointEvery { configuration.checkpoint.everyIterations = checkpointEvery }
  }
}
