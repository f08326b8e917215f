import ArgumentParser
import Foundation
import Reports
import System

extension ClassComparison.Measure: ExpressibleByArgument {}

/// Finds the classes that one evaluation has better or worse than another.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Set the errors by class of two evaluations side by side.",
    discussion: "Both evaluations are given as tables that `evaluate --classes` wrote.")

  @Argument(help: ArgumentHelp("The table of the evaluation to start from.", valueName: "first.csv"))
  var first: String

  @Argument(help: ArgumentHelp("The table of the evaluation that is compared with it.", valueName: "second.csv"))
  var second: String

  @Option(
    help: ArgumentHelp(
      "The errors to compare (default: top-5 for a hundred classes or more, else top-1).", valueName: "errors"))
  var measure: ClassComparison.Measure?

  @Option(
    help: ArgumentHelp(
      "The number of classes to list among those that improved most, and among those that worsened most.",
      valueName: "classes"))
  var list = 10

  @Flag(help: "Print all classes as a JSON object.")
  var json = false

  func validate() throws { try checkRange("--list", list, .atLeast(0)) }

  func run() throws {
    alone {
      let comparison = try ClassComparison(
        ClassErrorsFile.read(first), ClassErrorsFile.read(second), measure: measure, firstPath: first, path: second)
      json ? Console.sayJSON(ComparisonObject(comparison)) : show(comparison)
      return .done
    }
  }

  private func show(_ comparison: ClassComparison) {
    Console.say(
      "\(comparison.measure.rawValue) error of \(comparison.pairs.count.counted("class")), \(second) against \(first): "
        + "\(comparison.better) better, \(comparison.unchanged) unchanged, \(comparison.worse) worse")
    for remark in remarks(comparison) { Console.say(remark) }
    let improved = comparison.pairs.filter { comparison.reduction($0) > 0 }.prefix(list)
    let worsened = comparison.pairs.filter { comparison.reduction($0) < 0 }.suffix(list).reversed()
    for (title, pairs) in [("most improved", Array(improved)), ("most worsened", Array(worsened))] where !pairs.isEmpty
    {
      Console.say("\(title):")
      for pair in pairs {
        let errors = comparison.errors(pair)
        Console.say(
          String(
            format: "  %7.2f %% → %6.2f %%  (%+.2f)  %@", errors.first, errors.second, errors.second - errors.first,
            pair.name.onOneLine))
      }
    }
  }

  /// Returns what makes the numbers mean less than they seem to.
  private func remarks(_ comparison: ClassComparison) -> [String] {
    var remarks: [String] = []
    for (path, only) in [(first, comparison.onlyFirst), (second, comparison.onlySecond)] where !only.isEmpty {
      remarks.append("left out: \(only.count.counted("class")) that only \(path) has")
    }
    if !comparison.withoutImages.isEmpty {
      remarks.append("left out: \(comparison.withoutImages.count.counted("class")) without images in one of the two")
    }
    if comparison.otherCounts > 0 {
      let images = comparison.images
      remarks.append(
        "not the same images: \(comparison.otherCounts.counted("class")) with more or fewer in one of the two, "
          + "\(images.first.grouped) and \(images.second.grouped) images in all")
    }
    return remarks
  }
}
