import ArgumentParser
import Foundation
import Recording
import Reports
import System

/// Shows runs and evaluations as plots and tables.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show runs and evaluations on one HTML page: curves, coefficients, errors by class.",
    discussion: """
      Each <run> is a run folder, or a table that `evaluate` wrote with --classes, --confusion or --results. Several \
      are overlaid; of two with errors by class the difference is shown, too. In a run folder the report reads \
      metrics.csv, time.csv, statistics.csv, results.csv, per-class.csv, confusion.csv, predictions.csv and the newest \
      checkpoint, as far as they are there. The page is complete in itself: it loads nothing from the network and runs \
      no script.
      """)

  @Argument(help: ArgumentHelp("Run folders, or tables of evaluations.", valueName: "run"))
  var runs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The page to write (default: report.html, in the run folder where only one is given).", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the plots into this folder, each as an SVG and a CSV file; the page is then written only with --output.",
      valueName: "dir"))
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Begin the page with the plain text of this file, such as an experiment's outcome.", valueName: "file"))
  var note: String?

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    if output == "" { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    alone {
      let path = svg == nil ? output ?? defaultPath : output
      if let path { try outputs.check(Report.output(path), inputs: runs + [note].compactMap(\.self)) }
      let report = try Report(paths: runs, pictures: ReportedPictures(), note: note)
      if let svg {
        if FileSystem.isFolder(svg) {
          for plot in report.plots(inFolder: svg) { try outputs.check(plot, inputs: runs) }
        }
        let names = try report.writePlots(toFolder: svg)
        Console.say("\(svg): \(names.count) plots (\(names.joined(separator: ", ")))")
      }
      guard let path else { return .done }
      try report.write(to: path)
      Console.say(path)
      return .done
    }
  }

  private var defaultPath: String {
    guard runs.count == 1, FileSystem.isFolder(runs[0]) else { return RunRecorder.pageName }
    return FileSystem.path(RunRecorder.pageName, in: runs[0])
  }
}
