import ArgumentParser
import Foundation
import Recording
import Reports
import System

/// Shows runs and evaluations to the eye.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Curves, coefficients, errors by class: one HTML page for runs and evaluations.",
    discussion: """
      RUN is a run folder, or a table that evaluate wrote with --classes or --results. Several are overlaid; of two \
      with errors by class the difference is shown too. In a run folder the report reads metrics.csv, time.csv, \
      statistics.csv, results.csv, per-class.csv, predictions.csv and the newest checkpoint, those that are there. The \
      page holds everything: it asks no network and runs no script.
      """)

  @Argument(help: ArgumentHelp("Run folders, or tables of evaluations.", valueName: "run"))
  var runs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The page (default: report.html, in the run folder if there is but one).", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the plots, one SVG and one CSV each, into this folder instead of a page.", valueName: "dir"))
  var svg: String?

  @Option(
    help: ArgumentHelp("Begin the page with this plain text, such as an experiment's outcome.", valueName: "file"))
  var note: String?

  func validate() throws {
    if output == "" { throw ValidationError("-o needs the name of a file.") }
  }

  func run() throws {
    do {
      let report = try Report(paths: runs, pictures: ReportedPictures(), note: note)
      if let svg {
        let names = try report.writePlots(toFolder: svg)
        Console.say("\(svg): \(names.count) plots (\(names.joined(separator: ", ")))")
      }
      // --svg alone writes the plots alone.
      guard svg == nil || output != nil else { return }
      let path = output ?? defaultPath
      try report.write(to: path)
      Console.say(path)
    } catch {
      Console.complain("\(error)")
      Foundation.exit(ExitStatus(of: error).rawValue)
    }
  }

  private var defaultPath: String {
    guard runs.count == 1, FileSystem.isFolder(runs[0]) else { return RunRecorder.pageName }
    return FileSystem.path(RunRecorder.pageName, in: runs[0])
  }
}
