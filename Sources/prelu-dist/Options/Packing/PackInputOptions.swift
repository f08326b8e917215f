import ArgumentParser
import Packs

/// The places, beside its source, where `pack` finds pictures, labels and names, and the pictures that it puts aside.
struct PackInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The pictures to validate on, where they do not lie beside train.", valueName: "folder|list"))
  var validation: String?

  @Option(help: ArgumentHelp("The pictures to test on, where they do not lie beside train.", valueName: "folder|list"))
  var test: String?

  @Option(
    help: ArgumentHelp(
      "The number of training pictures that are put aside to validate on: of each class in proportion, never its last.",
      valueName: "pictures"))
  var holdOut = 0

  @Option(
    help: ArgumentHelp(
      "The pictures to put aside to validate on instead: such as 2/5, the second of five parts that share no picture.",
      valueName: "fold"))
  var fold: String?

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

  @Option(
    help: ArgumentHelp(
      "Files and folders to leave out, as the shell writes them: a name at any depth, or a path below the source. May "
        + "be given several times.", valueName: "pattern"))
  var exclude: [String] = []

  @Option(
    help: ArgumentHelp(
      "The folders below the source that are the splits, where their names do not tell: train=DIR,validation=DIR,"
        + "test=DIR. A dot is the source itself, */NAME a folder inside each class folder.", valueName: "splits"))
  var split: String?

  @Flag(help: "Leave the test split out.")
  var noTest = false

  func validate() throws {
    try checkRange("--hold-out", holdOut, .within(0...1_000_000_000))
    _ = try aside()
    let named = try splits()
    for (part, option) in [(PackPart.validation, validation), (.test, test)] where option != nil && named[part] != nil {
      throw ValidationError("--split and --\(part.rawValue) both name the \(part.rawValue) split: give one of them.")
    }
    guard !noTest || test == nil && named[.test] == nil else {
      throw ValidationError("--no-test leaves out the test split that another option names: give one of them.")
    }
  }

  /// The pictures that are put aside.
  func aside() throws -> PackSettings.Aside {
    guard let fold else { return holdOut > 0 ? .pictures(holdOut) : .none }
    let numbers = fold.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let own = numbers[0], let all = numbers[1], (2...1000).contains(all),
      (1...all).contains(own)
    else {
      throw ValidationError("--fold takes a fold and the number of folds, 2 to 1000, such as 2/5, not '\(fold)'.")
    }
    guard holdOut == 0 else {
      throw ValidationError("--fold and --hold-out both put pictures aside: give one of them.")
    }
    return .fold(own, of: all)
  }

  /// The folder of each split that `--split` names.
  func splits() throws -> [PackPart: String] {
    guard let split else { return [:] }
    var splits: [PackPart: String] = [:]
    for item in split.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = item.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let part = SplitName.part(String(sides[0])) else {
        throw ValidationError(
          "--split takes train=DIR,validation=DIR,test=DIR, of which train is needed, and not '\(item)'.")
      }
      guard splits.updateValue(String(sides[1]), forKey: part) == nil else {
        throw ValidationError("--split names the \(part.rawValue) split twice: name it once.")
      }
    }
    guard splits[.training] != nil else {
      throw ValidationError("--split names no folder to train on: begin with train=DIR.")
    }
    return splits
  }
}
