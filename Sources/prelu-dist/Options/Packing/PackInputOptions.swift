import ArgumentParser

/// The places, beside its source, where `pack` finds pictures, labels and names, and the pictures that it puts aside.
struct PackInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The pictures to validate on, where they do not lie beside train.", valueName: "folder|list"))
  var validation: String?

  @Option(help: ArgumentHelp("The pictures to test on, where they do not lie beside train.", valueName: "folder|list"))
  var test: String?

  @Option(
    help: ArgumentHelp("The number of training pictures that are put aside to validate on.", valueName: "pictures"))
  var holdOut = 0

  @Option(
    help: ArgumentHelp(
      "The folder that paths in list files are relative to (default: the list's own).", valueName: "folder"))
  var root: String?

  @Option(
    help: ArgumentHelp(
      "ImageNet's development kit, or Kaggle's LOC_val_solution.csv (default: looked for beside the pictures).",
      valueName: "folder|file"))
  var devkit: String?

  @Option(
    help: ArgumentHelp(
      "A file with a line for each class: its name, or its folder and its name.", valueName: "file"))
  var classNames: String?

  func validate() throws { try checkRange("--hold-out", holdOut, .within(0...1_000_000_000)) }
}
