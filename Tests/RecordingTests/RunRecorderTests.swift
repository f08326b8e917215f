import Communication
import Foundation
import Recording
import Reports
import Synchronization
import System
import TestSupport
import Testing
import Training

/// A recorder leaves in a run's folder what the run told.
@Suite(.serialized, .enabled(if: isOutsideMPI)) struct RunRecorderTests {
  private let small: SmallRun
  private var folder: ScratchFolder { small.folder }

  init() throws { small = try SmallRun() }

  private func recorder(
    page: Bool = true, events: Bool = false, warn: @escaping (String) -> Void = { Issue.record("a warning: \($0)") }
  ) -> RunRecorder {
    RunRecorder(writesPage: page, writesEvents: events, software: "test 1.0", warn: warn)
  }

  /// The page of a run's folder is what a report makes of the folder, but for the times.
  private func expectReportsPage(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    func lines(_ page: String) -> [String] {
      page.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "TIME").split(
        separator: "\n", omittingEmptySubsequences: false
      ).map(String.init)
    }
    let page = lines(try String(contentsOfFile: "\(path)/report.html", encoding: .utf8))
    let report = lines(try Report(paths: [path], pictures: ReportedPictures()).html())
    #expect(page.count == report.count, sourceLocation: sourceLocation)
    let difference = zip(page, report).first { $0 != $1 }
    #expect(
      difference == nil, "\(difference?.0.prefix(300) ?? "") instead of \(difference?.1.prefix(300) ?? "")",
      sourceLocation: sourceLocation)
  }

  // MARK: - Whole runs

  /// A run that keeps an average of the weights has its errors in a table and on the page, and one whose rate changes
  /// with every step the curve of the rate.
  @Test func anAverageAndARateHaveTheirCurves() throws {
    let memory = Memory()
    try small.train(
      change: {
        $0.regularization.averageDecay = 0.5
        $0.schedule = .cosine(.init())
      }, listeners: [recorder(), memory])
    try expectReportsPage(small.path)
    let run = try RunContents(folder: small.path)
    #expect(run.averages.map(\.iteration) == [5, 10, 15])
    for (row, result) in zip(run.averages, memory.results) {
      let counts = try #require(result.averagedValidation)
      #expect(row.validationTop1Error == counts.top1Error && row.epoch == result.epoch)
    }
    // The rate of each step, half a cosine over 15 of them.
    for row in run.progress {
      let expected = 0.01 * (1 + cos(.pi * Double(row.iteration - 1) / 15))
      #expect(abs(row.learningRate - expected) <= 1e-12, "\(row.iteration)")
    }
    let page = try small.text("run/report.html")
    for words in ["Validation error of the average", "<h3>Learning rate", "average of the weights"] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(!page.contains("Dotted lines: where the learning rate changed"))
    try small.train(
      .resume(small.path), iterations: 15,
      change: {
        $0.regularization.averageDecay = 0.5
        $0.schedule = .cosine(.init())
      }, listeners: [recorder(), memory])
    #expect(try RunContents(folder: small.path).averages == run.averages)
  }

  @Test func thePageAndTheTablesAreWhatTheRunTold() throws {
    let memory = Memory()
    try small.train(listeners: [recorder(), memory])
    try expectReportsPage(small.path)
    let page = try small.text("run/report.html")
    for words in [
      "after epoch 3, iteration 15", "Filters of conv1", "Learned PReLU coefficients", "Gradients by depth",
      "Where the time goes", "rate 0.002", "newest checkpoint of iteration 15", "prelu-dist train &lt;small&gt;",
      "test 1.0", "<th>seed</th><td>1</td>",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    let run = try RunContents(folder: small.path)
    #expect(run.metrics.map(\.iteration) == [5, 10, 15])
    for (row, result) in zip(run.metrics, memory.results) {
      #expect(row.trainLoss == result.trainLoss && row.seconds == result.seconds && row.epoch == result.epoch)
      #expect(row.validationTop1Error == result.validation.top1Error && row.learningRate == result.learningRate)
    }
    // The parts of each row are its own epoch's: their sums are those of the whole run.
    let last = try #require(memory.results.last?.time)
    let sums = TimeRow.parts.indices.map { part in run.times.reduce(0) { $0 + $1.seconds[part] } }
    let expected = [
      last.steps.tower, last.steps.fullyConnected, last.steps.communication, last.steps.data, last.evaluation,
      last.checkpoint,
    ]
    #expect(run.times.map(\.iteration) == [5, 10, 15])
    for (sum, expected) in zip(sums, expected) { #expect(abs(sum - expected) <= 1e-9 * max(1, expected)) }
    let told = memory.statistics.flatMap { event -> [StatisticsRow] in
      guard case .statistics(let iteration, let layers) = event else { return [] }
      return layers.map { StatisticsRow(iteration: iteration, layer: $0) }
    }
    #expect(run.statistics == told && told.count == 3 * 8)
    #expect(run.progress.map(\.iteration) == Array(1...15))
    for (epoch, result) in memory.results.enumerated() {
      let rows = run.progress[5 * epoch..<5 * (epoch + 1)]
      let samples = rows.reduce(0) { $0 + $1.samples }
      let mean = rows.reduce(0) { $0 + $1.loss * Double($1.samples) } / Double(samples)
      #expect(abs(mean - result.trainLoss) <= 1e-9 * result.trainLoss)
    }
    #expect(run.places.map(\.iteration) == [0] && run.places.map(\.hosts).allSatisfy { $0.hasSuffix(" (1)") })
  }

  @Test func aResumedRunShowsTheRowsOfBefore() throws {
    // In the middle of the second epoch.
    try small.train(iterations: 7, listeners: [recorder()])
    #expect(try small.text("run/report.html").contains("after epoch 1, iteration 5"))
    // An earlier process got further than its last checkpoint, and its machine failed.
    for (name, rest) in [
      ("metrics.csv", "2,10,1,1,1,1,1,1,1,1\n3,15,1"), ("time.csv", "10,1,1,1,1,1,1\n15,"),
      ("statistics.csv", "8,conv1,1,1,1,1\n10"), ("places.csv", "2026-11-24T10:00:00Z,5"),
      ("progress.csv", "8,1,1,1,1\n9"),
    ] {
      try small.write(try small.text("run/\(name)") + rest, "run/\(name)")
    }
    try small.train(.resume(small.path), listeners: [recorder()])
    try expectReportsPage(small.path)
    let run = try RunContents(folder: small.path)
    #expect(run.metrics.map(\.iteration) == [5, 10, 15] && run.times.map(\.iteration) == [5, 10, 15])
    #expect(run.places.map(\.iteration) == [0, 7])
    #expect(run.progress.map(\.iteration) == Array(1...15))
    #expect(run.statistics.map(\.iteration) == [1, 2, 4, 6, 8, 10, 12, 14].flatMap { [$0, $0, $0] })
    #expect(zip(run.metrics, run.metrics.dropFirst()).allSatisfy { $0.seconds < $1.seconds })
  }

  @Test func aCopyTakesEveryTableAlong() throws {
    try small.train(iterations: 7, change: { $0.regularization.averageDecay = 0.5 }, listeners: [recorder()])
    try FileManager.default.createDirectory(atPath: folder.file("copy"), withIntermediateDirectories: false)
    try recorder().prepare(folder: OwnFolder(path: folder.file("copy"), copiedFrom: small.path), iteration: 7)
    let tables = try FileManager.default.contentsOfDirectory(atPath: small.path).filter { $0.hasSuffix(".csv") }
    #expect(tables.contains("average.csv") && tables.count == 6, "\(tables)")
    for table in tables { #expect(try small.text("copy/\(table)") == small.text("run/\(table)"), "\(table)") }
  }

  @Test func aTableOfAnotherProgramEndsTheStart() throws {
    for name in ["metrics.csv", "time.csv", "statistics.csv", "places.csv", "progress.csv"] {
      try FileManager.default.createDirectory(atPath: small.path, withIntermediateDirectories: true)
      try small.write("a,b\n1,2\n", "run/\(name)")
      let error = #expect(throws: RankFailure.self) { try small.train(listeners: [recorder()]) }
      #expect(error?.exitStatus == .badData)
      let message = error?.description ?? ""
      #expect(message.hasPrefix("\(small.path)/\(name): expected ") && message.contains(" with the header \""))
      #expect(message.hasSuffix("found \"a,b\". Move it away, or have it written again"), "\(message)")
      #expect(try small.text("run/\(name)") == "a,b\n1,2\n")
      try FileManager.default.removeItem(atPath: small.path)
    }
  }

  /// Rows that the page needs are damaged; training needs them not.
  @Test func damagedRowsCostThePage() throws {
    try FileManager.default.createDirectory(atPath: small.path, withIntermediateDirectories: true)
    let header = TableFile<MetricsRow>.header
    try small.write("\(header)\n1,0,x,1,1,1,1,1,1,1\n", "run/metrics.csv")
    var warnings: [String] = []
    try small.train(epochs: 2, listeners: [recorder { warnings.append($0) }])
    #expect(
      warnings == [
        "\(small.path)/metrics.csv: line 2, learning_rate: expected a number, found \"x\". Move it away, or have it "
          + "written again; training continues"
      ])
    #expect(try small.text("run/metrics.csv").split(separator: "\n").count == 4)
    #expect(!FileManager.default.fileExists(atPath: "\(small.path)/report.html"))
  }

  // MARK: - Events that a test tells

  /// A run of two epochs, of which only checkpoints and settings are left: a test tells again what it told.
  private func toldRun() throws -> (description: TrainingDescription, results: [EpochResult]) {
    let memory = Memory()
    try small.train(epochs: 2, listeners: [memory])
    return (try #require(memory.description), memory.results)
  }

  private func tell(_ recorder: RunRecorder, _ result: EpochResult, isSaved: Bool = true) {
    recorder.hear(.evaluated(result))
    recorder.hear(
      isSaved
        ? .saved(path: "", iteration: result.iteration, isBest: false) : .notSaved(iteration: result.iteration))
  }

  @Test func aRunThatGoesBackLeavesItsDetourOut() throws {
    let (description, results) = try toldRun()
    let recorder = recorder(events: true)
    try recorder.prepare(folder: OwnFolder(path: small.path), iteration: 0)
    recorder.hear(.started(description))
    recorder.hear(.saved(path: "", iteration: 0, isBest: false))
    var detour = results[1]
    detour.trainLoss = 77
    tell(recorder, results[0])
    tell(recorder, detour)
    #expect(try small.text("run/metrics.csv").contains("77.0"))
    try recorder.goBack(to: results[0].iteration)
    tell(recorder, results[1])
    #expect(try RunContents(tablesOf: small.path).metrics.map(\.trainLoss) == results.map(\.trainLoss))
    #expect(try small.text("run/time.csv").split(separator: "\n").count == 3)
    try expectReportsPage(small.path)
    #expect(try small.text("run/report.html").contains("config.yaml"))
  }

  @Test func whatCannotBeWrittenIsSaidOnce() throws {
    let (description, results) = try toldRun()
    var warnings: [String] = []
    let recorder = recorder { warnings.append($0) }
    try recorder.prepare(folder: OwnFolder(path: small.path), iteration: 0)
    recorder.hear(.started(description))
    try FileManager.default.createDirectory(atPath: "\(small.path)/metrics.csv", withIntermediateDirectories: false)
    for result in results { tell(recorder, result) }
    #expect(
      warnings == [
        "\(small.path)/metrics.csv: cannot be opened for writing: Is a directory. Move away what has that name now; "
          + "training continues"
      ])
    // All else is written, and the page shows what was told.
    #expect(try small.text("run/time.csv").split(separator: "\n").count == 3)
    #expect(try small.text("run/report.html").contains("after epoch 2, iteration 10"))
  }

  @Test func thePageTellsOfCheckpointsThatAreThere() throws {
    let (description, results) = try toldRun()
    let recorder = recorder()
    try recorder.prepare(folder: OwnFolder(path: small.path), iteration: 0)
    recorder.hear(.started(description))
    tell(recorder, results[0], isSaved: false)
    #expect(!(try small.text("run/report.html").contains("newest checkpoint")))
    recorder.hear(.saved(path: "", iteration: 7, isBest: false))
    #expect(try small.text("run/report.html").contains("after epoch 1"), "a save without an evaluation has no page")
    tell(recorder, results[1], isSaved: false)
    #expect(try small.text("run/report.html").contains("newest checkpoint of iteration 7"))
  }

  /// Tables and events come before the checkpoint: a kill in between must not lose them.
  @Test func rowsAndEventsComeBeforeTheCheckpoint() throws {
    let (description, results) = try toldRun()
    let recorder = recorder(page: false, events: true)
    try recorder.prepare(folder: OwnFolder(path: small.path), iteration: 0)
    recorder.hear(.started(description))
    let names = try FileManager.default.contentsOfDirectory(atPath: small.path)
    let events = "run/\(try #require(names.first { $0.hasPrefix("events.out.tfevents.") }))"
    let before = try folder.bytes(events).count
    recorder.hear(.evaluated(results[0]))
    let after = try folder.bytes(events).count
    #expect(after > before)
    #expect(try small.text("run/metrics.csv").split(separator: "\n").count == 2)
    #expect(try small.text("run/time.csv").split(separator: "\n").count == 2)
    recorder.hear(.saved(path: "", iteration: results[0].iteration, isBest: true))
    #expect(try folder.bytes(events).count == after)
    try recorder.goBack(to: 0)
    #expect(try folder.bytes(events).count > after)
    #expect(!FileManager.default.fileExists(atPath: "\(small.path)/report.html"))
  }

  /// Another start has taken the folder over, while this process lives on.
  @Test func nothingIsWrittenToAFolderOfAnotherRun() throws {
    let (description, results) = try toldRun()
    let isOurs = Mutex(true)
    let recorder = recorder()
    try recorder.prepare(
      folder: OwnFolder(path: small.path) { isOurs.withLock { $0 } }, iteration: 0)
    recorder.hear(.started(description))
    tell(recorder, results[0])
    let before = try ["metrics.csv", "time.csv", "report.html"].map { try small.text("run/\($0)") }
    isOurs.withLock { $0 = false }
    tell(recorder, results[1])
    #expect(try ["metrics.csv", "time.csv", "report.html"].map { try small.text("run/\($0)") } == before)
    isOurs.withLock { $0 = true }
    tell(recorder, results[1])
    #expect(try small.text("run/metrics.csv") != before[0])
  }
}
