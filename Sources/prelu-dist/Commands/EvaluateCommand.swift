import ArgumentParser
import Communication
import Datasets
import Evaluation
import Foundation
import Images
import Kernels
import Reports
import System

extension MeasuredSplit: ExpressibleByArgument {}

/// Measures the errors of one or several checkpoints on a data set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure the top-1 and top-5 error of checkpoints on a data set.",
    discussion: """
      The scores of several checkpoints are averaged: their networks may differ, but must have the same classes. Under \
      mpirun the images are spread over the ranks; the errors are the same on any number of them.
      """)

  @Argument(
    help: ArgumentHelp("Checkpoints, or run folders, which stand for their best ones.", valueName: "checkpoint|run"))
  var checkpoints: [String]

  @OptionGroup var options: TestOptions

  @Option(
    help: ArgumentHelp(
      "A pack, or the folder with a data set's IDX files (default: the first run's own data).", valueName: "pack|dir"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The split to measure; validation stands for the images that training put aside, or for a pack's own validation "
        + "images (default: test where the data have such images).",
      valueName: "split"))
  var split: MeasuredSplit?

  @Option(help: ArgumentHelp("Measure only this many of the images, drawn by --seed.", valueName: "images"))
  var subset: Int?

  @Option(help: ArgumentHelp("The seed that draws the images of --subset.", valueName: "number"))
  var seed: UInt64 = 1

  @OptionGroup var weights: WeightChoiceOptions

  @OptionGroup var precision: PrecisionOptions

  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("Add a row with the errors to this table.", valueName: "file.csv"))
  var results: String?

  @Option(help: ArgumentHelp("Write the errors of each class to this table.", valueName: "file.csv"))
  var classes: String?

  @Option(help: ArgumentHelp("Write how often each class is taken for which to this table.", valueName: "file.csv"))
  var confusion: String?

  @Option(
    help: ArgumentHelp(
      "Write precision, recall and F1 of each class, and their means, to this table.", valueName: "file.csv"))
  var measures: String?

  @Option(
    help: ArgumentHelp(
      "Write each image's five likeliest classes with their scores, and the name of its file.",
      valueName: "file.csv|.h5"))
  var predictions: String?

  @OptionGroup var outputs: OutputOptions

  @OptionGroup var watch: WatchOptions

  @Flag(help: "Print the result as a JSON object.")
  var json = false

  @Flag(help: "Print only the result, not the progress.")
  var quiet = false

  func validate() throws { try checkRange("--subset", subset, .atLeast(1)) }

  func run() throws {
    let command = self
    // This precedes MPI's start: a process without mpirun looks like one of its ranks afterwards.
    let terminal = Terminal.find()
    onAllRanks(watch: watch) { world in try command.run(world, terminal) }
  }

  private func run(_ world: World, _ terminal: Terminal?) throws -> ExitStatus {
    try world.agree { if world.rank == 0 { try checkOutputs() } }
    let trained = try checkpoints.map {
      try TrainedNetwork($0, precision: precision.precision, weights.vector, world: world)
    }
    if world.rank == 0 { for note in trained.flatMap(\.notes) { Console.complain("warning: \(note)") } }
    let pool = try threads.pool(world)
    let (evaluator, measured) = try world.agree { try makeEvaluator(of: trained, on: pool, world) }
    for demand in try world.checkMemory(bytes: evaluator.byteCount) where demand.isTight && world.rank == 0 {
      Console.complain("warning: \(demand.text)")
    }
    let reporter = EvaluationReporter(terminal: json ? nil : terminal, quiet: json || quiet)
    world.activity = Activity("the evaluation")
    let start = monotonicSeconds()
    let result = try evaluator.run(
      keepsPredictions: predictions != nil, keepsConfusion: confusion != nil, keepGoing: { !StopSignals.isRequested },
      progress: reporter.show)
    let seconds = monotonicSeconds() - start
    reporter.clear()
    guard let result else {
      if world.rank == 0 {
        Console.complain(
          "\(trained[0].path): a signal stopped the evaluation before all of its "
            + "\(evaluator.count.counted("image", grouped: true)) were seen: nothing is written, start it again")
      }
      return .tryAgain
    }
    try world.agree {
      guard world.rank == 0 else { return }
      // What was measured is told first: a table that cannot be written must not take it along.
      show(result, trained, measured.split)
      try write(result, trained, measured, seconds: seconds, ranks: world.size)
    }
    return .done
  }

  /// Finds out that a file cannot be written before anything is computed.
  private func checkOutputs() throws {
    let inputs = checkpoints + [data].compactMap(\.self)
    if let results { try ResultsFile.check(results) }
    if let classes { try outputs.check(ClassErrorsFile.output(classes), inputs: inputs) }
    if let confusion { try outputs.check(ConfusionFile.output(confusion), inputs: inputs) }
    if let measures { try outputs.check(MeasuresFile.output(measures), inputs: inputs) }
    if let predictions { try outputs.check(PredictionsFile.output(predictions), inputs: inputs) }
  }

  /// Returns an evaluator of all networks, and the images of the first one: what another network was trained on is not
  /// for testing it, so that each has its own.
  private func makeEvaluator(
    of trained: [TrainedNetwork], on pool: ThreadPool, _ world: World
  ) throws -> (Evaluator, MeasuredImages) {
    let data = dataPath(trained)
    for other in trained.dropFirst() { try other.checkClasses(trained[0]) }
    let first = try trained[0].images(split, data: data)
    let others = try trained.dropFirst().map { try $0.images(first.split, data: data) }
    let members = zip(trained, [first] + others).map { $0.member($1.images, padding: options.padding) }
    guard first.images.count > 0 else {
      throw Refusal(
        .badData,
        "\(data): expected images to measure on, found none in its \(first.split) split: choose another --split or "
          + "--data")
    }
    let samples = subset.map { randomSubset(count: first.images.count, chosen: $0, seed: seed) }
    return (try Evaluator(members, options.test, samples: samples, world: world, on: pool), first)
  }

  private func dataPath(_ trained: [TrainedNetwork]) -> String { data ?? trained[0].configuration.data.directory }

  /// Writes each table that was asked for, whether or not another one can be written. Throws the first error, after the
  /// others were said.
  private func write(
    _ result: EvaluationResult, _ trained: [TrainedNetwork], _ measured: MeasuredImages, seconds: Double, ranks: Int
  ) throws {
    var failures: [any Error] = []
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { failures.append(error) }
    }
    if let classes { attempt { try writeClasses(result, trained, to: classes) } }
    if let confusion {
      attempt { try ConfusionFile.write(result.confusion, classNames: trained[0].classNames, to: confusion) }
    }
    if let measures { attempt { try writeMeasures(result, trained, to: measures) } }
    if let predictions { attempt { try writePredictions(result, trained, measured, to: predictions) } }
    if let results {
      attempt {
        let total = result.total
        try ResultsFile.append(
          ResultsRow(
            time: Date().formatted(.iso8601), checkpoints: trained.map(\.path), data: dataPath(trained),
            split: measured.split.rawValue, views: options.views.rawValue, scales: options.test.scales,
            mirror: options.test.mirror, averaging: options.average.rawValue, images: total.images, top1: total.top1,
            top5: total.top5, seconds: seconds, ranks: ranks), to: results)
      }
    }
    for failure in failures.dropFirst() { Console.complain("\(failure)") }
    if let first = failures.first { throw first }
  }

  private func writeClasses(_ result: EvaluationResult, _ trained: [TrainedNetwork], to path: String) throws {
    let names = trained[0].classNames
    try ClassErrorsFile.write(
      result.classes.enumerated().map {
        ClassErrors(classIndex: $0, name: names[$0], images: $1.images, top1: $1.top1, top5: $1.top5)
      }, to: path)
  }

  private func writeMeasures(_ result: EvaluationResult, _ trained: [TrainedNetwork], to path: String) throws {
    let measures = result.measures
    func row(_ label: String, _ name: String, images: Int, guesses: Int, _ values: ClassMeasures.Values)
      -> MeasuresFile.Row
    {
      MeasuresFile.Row(
        label: label, name: name, images: images, guesses: guesses,
        measures: (values.precision, values.recall, values.f1))
    }
    let all = result.total.images
    let rows = trained[0].classNames.enumerated().map { index, name in
      row(
        "\(index)", name, images: result.classes[index].images, guesses: result.guesses[index],
        measures.classes[index])
    }
    try MeasuresFile.write(
      rows + [
        row("macro", "", images: all, guesses: all, measures.macro),
        row("weighted", "", images: all, guesses: all, measures.weighted),
      ], to: path)
  }

  private func writePredictions(
    _ result: EvaluationResult, _ trained: [TrainedNetwork], _ measured: MeasuredImages, to path: String
  ) throws {
    try PredictionsFile.write(
      result.predictions.map {
        Prediction(
          index: $0.sample, label: $0.label, name: measured.images.fileName(of: $0.sample),
          guesses: zip($0.classes, $0.scores).map { ($0, $1) })
      }, of: PredictedPictures(split: measured.split, data: data), classNames: trained[0].classNames, to: path)
  }

  private func show(_ result: EvaluationResult, _ trained: [TrainedNetwork], _ split: MeasuredSplit) {
    let total = result.total
    guard !json else { return Console.sayJSON(EvaluationObject(result, trained, split, options)) }
    let names =
      trained.count == 1 ? "\(trained[0].path) (iteration \(trained[0].iteration))" : "\(trained.count) models"
    let errors =
      total.topFiveTells(classes: trained[0].classNames.count)
      ? String(
        format: "top-1 error %.2f %%, top-5 error %.2f %% (%d and %d of %@)", total.top1Error, total.top5Error,
        total.top1, total.top5, total.images.counted("image"))
      : String(format: "top-1 error %.2f %% (%d of %@)", total.top1Error, total.top1, total.images.counted("image"))
    Console.say("\(names), \(split.rawValue), \(options.summary): \(errors)")
    let measures = result.measures
    Console.say(
      String(
        format: "mean over classes: recall (balanced accuracy) %.2f %%, precision %.2f %%, F1 %.2f %%",
        100 * measures.balancedAccuracy, 100 * measures.macro.precision, 100 * measures.macro.f1))
  }
}
