import ArgumentParser
import Foundation
import Reports
import System

extension ClassComparison.Measure: ExpressibleByArgument {}

/// Which classes one evaluation has better or worse than another.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "The errors by class of two evaluations, side by side.",
    discussion: "Both are tables that `evaluate --classes` wrote.")

  @Argument(help: "The table of the evaluation to start from.")
  var first: String

  @Argument(help: "The table of the other.")
  var second: String

  @Option(help: "Which errors (default: top-5 with a hundred classes or more).")
  var measure: ClassComparison.Measure?

  @Option(help: "How many of the classes that changed most to list on either side.")
  var list = 10

  @Flag(help: "Print one JSON object with all classes.")
  var json = false

  func validate() throws {
    if list < 0 { throw ValidationError("--list is \(list); it takes 0 or more.") }
  }

  func run() throws {
    do {
      let comparison = try ClassComparison(
        ClassErrorsFile.read(first), ClassErrorsFile.read(second), measure: measure, firstPath: first, path: second)
      json ? showJSON(comparison) : show(comparison)
    } catch {
      Console.complain("\(error)")
      Foundation.exit(ExitStatus(of: error).rawValue)
    }
  }

  private func show(_ comparison: ClassComparison) {
    Console.say(
      "\(comparison.measure.rawValue) error of \(comparison.pairs.count) classes, \(second) against \(first): "
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

  /// What makes the numbers mean less than they seem to.
  private func remarks(_ comparison: ClassComparison) -> [String] {
    func classes(_ count: Int) -> String { count == 1 ? "1 class" : "\(count) classes" }
    var remarks: [String] = []
    for (path, only) in [(first, comparison.onlyFirst), (second, comparison.onlySecond)] where !only.isEmpty {
      remarks.append("left out: \(classes(only.count)) that \(path) alone has")
    }
    if !comparison.withoutImages.isEmpty {
      remarks.append("left out: \(classes(comparison.withoutImages.count)) without images in one of the two")
    }
    if comparison.otherCounts > 0 {
      let images = comparison.images
      remarks.append(
        "not the same images: \(classes(comparison.otherCounts)) with more or fewer in one of the two, "
          + "\(images.first.grouped) and \(images.second.grouped) images in all")
    }
    return remarks
  }

  private func showJSON(_ comparison: ClassComparison) {
    Console.sayJSON([
      "measure": comparison.measure.rawValue, "better": comparison.better, "unchanged": comparison.unchanged,
      "worse": comparison.worse, "only_first": comparison.onlyFirst.count, "only_second": comparison.onlySecond.count,
      "without_images": comparison.withoutImages.count, "other_counts": comparison.otherCounts,
      "first_images": comparison.images.first, "second_images": comparison.images.second,
      "classes": comparison.pairs.map { pair in
        [
          "class": pair.classIndex, "name": pair.name, "first": comparison.errors(pair).first,
          "second": comparison.errors(pair).second, "reduction": comparison.reduction(pair),
        ] as [String: Any]
      },
    ])
  }
}
