import ArgumentParser
import Configuration
import Datasets

/// The data that `train` trains on, and how the network sees them.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A pack of photographs, or the folder with a data set's IDX files.", valueName: "pack|dir"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The number of validation images to measure after each epoch, drawn by --seed (default: all).",
      valueName: "images"))
  var subset: Int?

  @Flag(help: "Show the network every image as it is, neither cropped nor mirrored.")
  var noAugmentation = false

  @Option(
    help: ArgumentHelp(
      "Before training, write this many training images, as the network sees them, to preview.png in the run's "
        + "folder; with --iterations 0 a new run ends there, and the folder can still be trained in.",
      valueName: "images"))
  var preview: Int?

  func validate() throws { try checkRange("--preview", preview, .within(1...10_000)) }

  /// The options that were given, by the settings that they set.
  var optionsOfSettings: [String: String] {
    ["data.directory": data.map { _ in "--data" }, "data.subset": subset.map { _ in "--subset" }].compactMapValues(
      \.self)
  }

  func apply(to configuration: inout Configuration) {
    if let data { configuration.choose(data: data) }
    if let subset { configuration.data.subset = subset }
    if noAugmentation { configuration.augmentation = .none }
  }
}
