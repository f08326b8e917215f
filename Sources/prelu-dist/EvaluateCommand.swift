import ArgumentParser
import Communication
import Datasets
import Evaluation
import Foundation
import Images
import Kernels
import Reports
import System
import Training

extension MeasuredSplit: ExpressibleByArgument {}

/// The errors of one or several checkpoints on a data set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Top-1 and top-5 error of checkpoints on a data set.",
    discussion: """
      The scores of several checkpoints are averaged; their networks may differ, their classes may not. Under mpirun the \
      images are spread over the ranks, and the errors are the same with any number of them.
      """)

  @Argument(help: ArgumentHelp("Checkpoints, or run folders: their best ones.", valueName: "checkpoint|run"))
  var checkpoints: [String]

  @OptionGroup var options: TestOptions

  @Option(
    help: ArgumentHelp("A pack, or the folder of the IDX files (default: the first run's own data).", valueName: "dir"))
  var data: String?

  @Option(help: "Which images: test, or those put aside for validation (default: test, where there are such).")
  var part: MeasuredSplit?

  @Option(help: "So many of them, drawn by --seed.")
  var subset: Int?

  @Option(help: "The seed that draws the subset.")
  var seed: UInt64 = 1

  @Option(help: "Threads of each rank (default: its share of the host's cores).")
  var threads: Int?

  @Option(help: ArgumentHelp("Add a row with the errors to this table.", valueName: "file.csv"))
  var results: String?

  @Option(help: ArgumentHelp("Write the errors of each class.", valueName: "file.csv"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Write each image's five likeliest classes with their scores, and its file's name.", valueName: "file.csv|.h5"))
  var predictions: String?

  @OptionGroup var watch: WatchOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print the result alone, without how far the evaluation is.")
  var quiet = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it takes 1 or more.") }
    if let subset, subset < 1 { throw ValidationError("--subset is \(subset); it takes 1 or more.") }
  }

  func run() throws {
    let command = self
    // To be asked before MPI starts.
    let terminal = Terminal.find()
    onAllRanks(watch: watch) { world in try command.run(world, terminal) }
  }

  private func run(_ world: World, _ terminal: Terminal?) throws -> ExitStatus {
    try world.agree {
      guard world.rank == 0 else { return }
      if let results { try ResultsFile.check(results) }
      for path in [classes, predictions].compactMap({ $0 }) { try FileSystem.checkWritable(path) }
    }
    let trained = try checkpoints.map { try TrainedNetwork($0, world: world) }
    let pool = ThreadPool(threads: threads ?? world.coresOfRank)
    let (evaluation, count, measured) = try world.agree {
      let data = data ?? trained[0].configuration.data.directory
      for other in trained.dropFirst() { try other.checkClasses(trained[0]) }
      let first = try trained[0].images(part, data: data)
      // Each network's own, since what another one was trained on is not for testing it.
      let others = try trained.dropFirst().map { try $0.images(first.split, data: data) }
      let members = zip(trained, [first] + others).map { $0.member($1.images, padding: options.padding) }
      guard first.images.count > 0 else {
        throw Refusal(
          .badData, "\(data): expected images to measure on, found none in its \(first.split) part")
      }
      let samples = subset.map { randomSubset(count: first.images.count, chosen: $0, seed: seed) }
      let count = samples?.count ?? first.images.count
      return (try Evaluator(members, options.test, samples: samples, world: world, on: pool), count, first)
    }
    let reporter = EvaluationReporter(terminal: json ? nil : terminal, quiet: json || quiet)
    world.activity = Activity("the evaluation")
    let start = monotonicSeconds()
    let result = try evaluation.run(
      keepsPredictions: predictions != nil, keepGoing: { !StopSignals.isRequested }, progress: reporter.show)
    reporter.clear()
    guard let result else {
      if world.rank == 0 {
        Console.complain(
          "\(trained[0].path): stopped by a signal before all \(count) images were seen: nothing is written, start it again"
        )
      }
      return .tryAgain
    }
    try world.agree {
      guard world.rank == 0 else { return }
      try write(result, trained, measured, seconds: monotonicSeconds() - start, ranks: world.size)
      show(result, trained, measured.split)
    }
    return .done
  }

  private func write(
    _ result: EvaluationResult, _ trained: [TrainedNetwork], _ measured: MeasuredImages, seconds: Double, ranks: Int
  ) throws {
    let (total, names) = (result.total, trained[0].classNames)
    if let classes {
      try ClassErrorsFile.write(
        result.classes.enumerated().map {
          ClassErrors(classIndex: $0, name: names[$0], images: $1.images, top1: $1.top1, top5: $1.top5)
        }, to: classes)
    }
    if let predictions {
      try PredictionsFile.write(
        result.predictions.map {
          Prediction(
            index: $0.sample, label: $0.label, name: measured.images.fileName(of: $0.sample),
            guesses: zip($0.classes, $0.scores).map { ($0, $1) })
        }, of: PredictedPictures(part: measured.split, data: data), classNames: names, to: predictions)
    }
    if let results {
      try ResultsFile.append(
        ResultsRow(
          time: Date().formatted(.iso8601), checkpoints: trained.map(\.path),
          data: data ?? trained[0].configuration.data.directory, part: measured.split.rawValue,
          views: options.views.rawValue,
          scales: options.test.scales, mirror: options.test.mirror, averaging: options.average.rawValue,
          images: total.images, top1: total.top1, top5: total.top5, seconds: seconds, ranks: ranks), to: results)
    }
  }

  private func show(_ result: EvaluationResult, _ trained: [TrainedNetwork], _ part: MeasuredSplit) {
    let total = result.total
    guard json else {
      let names =
        trained.count == 1
        ? "\(trained[0].path) (iteration \(trained[0].iteration))" : "\(trained.count) models"
      Console.say(
        String(
          format: "%@, %@, %@: top-1 error %.2f %%, top-5 error %.2f %% (%d and %d of %d images)", names, part.rawValue,
          options.summary, total.top1Error, total.top5Error, total.top1, total.top5, total.images))
      return
    }
    var object: [String: Any] = [
      "checkpoint": trained[0].path, "iteration": trained[0].iteration, "part": part.rawValue, "images": total.images,
      "protocol": options.views.rawValue, "scales": options.test.scales, "mirror": options.test.mirror,
      "average": options.average.rawValue, "top1_errors": total.top1, "top5_errors": total.top5,
      "top1_error": total.top1Error, "top5_error": total.top5Error,
    ]
    if trained.count > 1 { object["checkpoints"] = trained.map(\.path) }
    Console.sayJSON(object)
  }
}
