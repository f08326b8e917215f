import Foundation
import System

/// A report of runs and evaluations, as one page that needs nothing else, or as plots by themselves.
public struct Report {
  public let title: String
  public let figures: [Figure]
  private let runs: [RunContents]
  private let pictures: (any PictureSource)?
  private let note: Note?

  /// A person's words about the runs, from a plain text file.
  private struct Note {
    let name: String
    let text: String

    init(path: String) throws(FileError) {
      guard let text = try TextFile.read(path) else {
        throw FileError(.missing, path: path, problem: "expected a text to put into the report, found no such file")
      }
      (name, self.text) = (RunContents.lastName(path), text)
    }
  }

  /// Reads run folders and tables of evaluations (errors by class, guesses by class, results), in any order and number.
  ///
  /// - Parameters:
  ///   - pictures: finds the pictures that predictions count; without it they are not shown.
  ///   - note: a plain text file that the page begins with.
  ///   - sweep: the search over settings that the runs belong to.
  /// - Throws: `FileError` for the first path where there is nothing, or neither of these.
  public init(
    paths: [String], pictures: (any PictureSource)? = nil, note: String? = nil, sweep: SweepResults? = nil
  ) throws(FileError) {
    precondition(!paths.isEmpty, "a report of nothing")
    var text: Note?
    if let note { text = try Note(path: note) }
    let names = Self.names(paths)
    var runs: [RunContents] = []
    var evaluations: [ClassFigures.Evaluation] = []
    var results: [ResultFigures.Results] = []
    var confusions: [ConfusionFigures.Evaluation] = []
    for (path, name) in zip(paths, names) {
      if FileSystem.isFolder(path) {
        let run = try RunContents(folder: path, name: name)
        runs.append(run)
        if !run.classErrors.isEmpty { evaluations.append((name, run.classErrors)) }
        if !run.results.isEmpty { results.append((name, run.results)) }
        if let confusion = run.confusion { confusions.append((name, confusion)) }
        continue
      }
      guard let table = try CSVTable.read(path) else {
        throw FileError(
          .missing, path: path,
          problem: "there is neither a run folder nor a table of this name. A report shows run folders, which "
            + "`prelu-dist train --run` makes, and tables that `prelu-dist evaluate` writes: \(Self.tables)")
      }
      switch table.header.joined(separator: ",") {
      case ClassErrorsFile.header: evaluations.append((name, try ClassErrorsFile.parse(table)))
      case ResultsFile.header: results.append((name, try ResultsFile.parse(table)))
      case _ where ConfusionFile.isHeader(table.header): confusions.append((name, try ConfusionFile.parse(table)))
      case let header:
        throw FileError(
          table: path,
          problem: "expected a table that `prelu-dist evaluate` writes, \(Self.tables), "
            + "found the header \(String(header.prefix(240)).debugDescription)")
      }
    }
    self.init(
      Contents(runs: runs, evaluations: evaluations, confusions: confusions, results: results, sweep: sweep),
      pictures: pictures, note: text)
  }

  private static let tables =
    "errors by class (--classes) with the header \"\(ClassErrorsFile.header)\", guesses by class (--confusion), "
    + "or results (--results) with \"\(ResultsFile.header)\""

  /// Makes the report of one run that is read already.
  public init(run: RunContents, pictures: (any PictureSource)? = nil) {
    self.init(
      Contents(
        runs: [run], evaluations: run.classErrors.isEmpty ? [] : [(run.name, run.classErrors)],
        confusions: run.confusion.map { [(run.name, $0)] } ?? [],
        results: run.results.isEmpty ? [] : [(run.name, run.results)]), pictures: pictures, note: nil)
  }

  /// Makes the report of several runs and evaluations that are read already.
  package init(
    runs: [RunContents], evaluations: [(name: String, classes: [ClassErrors])] = [],
    confusions: [(name: String, confusion: Confusion)] = [],
    results: [(name: String, rows: [ResultsRow])] = [], sweep: SweepResults? = nil,
    pictures: (any PictureSource)? = nil
  ) {
    self.init(
      Contents(runs: runs, evaluations: evaluations, confusions: confusions, results: results, sweep: sweep),
      pictures: pictures, note: nil)
  }

  /// All that a report shows, each table with its name.
  private struct Contents {
    var runs: [RunContents]
    var evaluations: [ClassFigures.Evaluation]
    var confusions: [ConfusionFigures.Evaluation]
    var results: [ResultFigures.Results]
    var sweep: SweepResults?
  }

  private init(_ contents: Contents, pictures: (any PictureSource)?, note: Note?) {
    let (runs, evaluations, results) = (contents.runs, contents.evaluations, contents.results)
    self.runs = runs
    self.pictures = pictures
    self.note = note
    sweep = contents.sweep.map(SweepFigures.all) ?? []
    curves = CurveFigures.all(runs)
    coefficients = CoefficientFigures.all(runs)
    statistics = StatisticsFigures.all(runs)
    classes = ClassFigures.all(evaluations) + ConfusionFigures.all(contents.confusions)
    self.results = ResultFigures.all(results)
    figures = sweep + curves + coefficients + statistics + self.results + classes
    let tables = evaluations.map(\.name) + contents.confusions.map(\.name) + results.map(\.name)
    var names = runs.map(\.name)
    for name in tables where !names.contains(name) { names.append(name) }
    title = names.count <= 3 ? names.joined(separator: ", ") : "\(names[0]) and \((names.count - 1).counted("other"))"
  }

  private let sweep: [Figure]
  private let curves: [Figure]
  private let coefficients: [Figure]
  private let statistics: [Figure]
  private let results: [Figure]
  private let classes: [Figure]

  /// Returns the last parts of paths, as many as it takes to tell them apart.
  static func names(_ paths: [String]) -> [String] {
    let parts = paths.map { path in
      let all = URL(fileURLWithPath: path).standardizedFileURL.pathComponents.filter { $0 != "/" }
      return all.isEmpty ? [path] : all
    }
    func name(_ parts: [String], _ count: Int) -> String {
      let text = parts.suffix(count).joined(separator: "/")
      return text.hasSuffix(".csv") ? String(text.dropLast(4)) : text
    }
    let longest = parts.map(\.count).max() ?? 1
    for count in 1...longest {
      let names = parts.map { name($0, count) }
      if Set(names).count == names.count { return names }
    }
    // The same path twice.
    return parts.enumerated().map { "\(name($1, 1)) (\($0 + 1))" }
  }

  // MARK: - Writing

  /// Returns the page.
  ///
  /// - Parameter now: the time that it gives as that of its making: ISO 8601.
  public func html(now: String = Date().formatted(.iso8601)) -> String {
    var page = Page()
    if let note { page.section("note", note.name, "<pre>\(escaped(note.text))</pre>") }
    page.section("summary", "Summary", PageTables.summary(runs))
    page.section("sweep", "Search over settings", sweep.map(Page.figure).joined())
    page.section("curves", "Curves", curves.map(Page.figure).joined())
    page.section("coefficients", "Coefficients and filters", coefficients.map(Page.figure).joined())
    page.section("statistics", "Responses and gradients", statistics.map(Page.figure).joined())
    page.section("results", "Results", results.map(Page.figure).joined())
    page.section("classes", "Classes", classes.map(Page.figure).joined())
    page.section(
      "pictures", "Pictures",
      runs.filter { !$0.predictions.isEmpty }.map { run in
        (runs.count == 1 ? "" : "<h3>\(escaped(run.name))</h3>") + PicturePanels(run, from: pictures).html()
      }.joined())
    page.section("configuration", "Configuration", PageTables.configuration(runs))
    page.section("places", "Where it ran", PageTables.places(runs))
    return page.html(title: title, state: "prelu-dist report, \(now)" + state)
  }

  private var state: String {
    guard runs.count == 1, let last = runs[0].metrics.last else { return "" }
    return ", after epoch \(last.epoch), iteration \(last.iteration.grouped)"
  }

  /// Returns the output of a page at a path that a person gave.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "a report", runFile: .report, beginnings: [Page.beginning])
  }

  /// Writes the page, in the place of an earlier one at once.
  public func write(to path: String) throws(FileError) {
    try TextFile.replace(path, with: html())
  }

  /// Returns the files that `writePlots` writes. They take the place of earlier plots and tables of the same figures.
  public func plots(inFolder path: String) -> [OutputFile] {
    figures.flatMap { figure in
      let title = "</title>\n<style>\n"
      let header = figure.table.csv.prefix { $0 != "\n" } + "\n"
      return [
        OutputFile(FileSystem.path("\(figure.name).svg", in: path), kind: "a plot") { path in
          guard let beginning = try? FileSystem.beginning(of: path, limit: 2048) else { return false }
          return String(decoding: beginning, as: UTF8.self).contains(title)
        },
        OutputFile(
          FileSystem.path("\(figure.name).csv", in: path), kind: "a plot's table", beginnings: [String(header)]),
      ]
    }
  }

  /// Writes each figure as NAME.svg and its numbers as NAME.csv.
  ///
  /// - Returns: the figures' names.
  @discardableResult
  public func writePlots(toFolder path: String) throws(FileError) -> [String] {
    do throws(FolderError) {
      try FileSystem.makeFolders(path)
    } catch {
      switch error {
      case .isFile:
        throw FileError(.cannotCreate, path: path, problem: "expected a folder, found a file of that name")
      case .refused(let code, _): throw FileError(.cannotCreate, path: path, what: "cannot be created", code: code)
      }
    }
    for figure in figures {
      try TextFile.replace("\(path)/\(figure.name).svg", with: figure.file())
      try TextFile.replace("\(path)/\(figure.name).csv", with: figure.table.csv)
    }
    return figures.map(\.name)
  }
}
