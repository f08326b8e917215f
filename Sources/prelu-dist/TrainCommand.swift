import ArgumentParser
import Communication
import Configuration
import Foundation
import Kernels
import Network
import System
import Training

extension Activation: ExpressibleByArgument {}
extension Configuration.Training.OnDivergence: ExpressibleByArgument {}
extension SharePolicy: ExpressibleByArgument {}

extension ConvolutionMethod: ExpressibleByArgument {
  /// The names, for help texts.
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// Trains, or goes on with a run.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network, or go on with a run (the default command).")

  @Option(help: ArgumentHelp("A built-in recipe or a YAML file (default: fashion).", valueName: "name|file"))
  var recipe: String?

  @Option(help: "A built-in architecture, such as fashion-6, small-14, A, B, C, vgg-19.")
  var model: String?

  @Option(help: ArgumentHelp("A pack of photographs, or the folder with the data set's IDX files.", valueName: "dir"))
  var data: String?

  @Option(name: .customLong("run"), help: ArgumentHelp("The run's folder (default: run-RECIPE).", valueName: "dir"))
  var runFolder: String?

  @Option(
    help: ArgumentHelp(
      "Go on with the newest whole checkpoint of this run folder; auto: of --run, or without it of the recipe's run that was saved last, if there is one, else begin anew.",
      valueName: "run|auto"))
  var resume: String?

  @Option(help: "Epochs to train in all.")
  var epochs: Int?

  @Option(help: "Save and stop when this many iterations are done in all.")
  var iterations: Int?

  @Option(help: ArgumentHelp("Save and stop after so many minutes, with exit code 75.", valueName: "minutes"))
  var timeLimit: Double?

  @Option(help: "Images of a step, on all ranks together.")
  var batch: Int?

  @Option(help: "Validation images to measure after an epoch, drawn by the seed (default: all).")
  var subset: Int?

  @Option(help: "Seed of everything random.")
  var seed: UInt64?

  @Option(help: "Threads of each rank (default: its share of the host's cores).")
  var threads: Int?

  @Option(help: "Threads of each rank that decode photographs ahead of the step (default: a quarter of --threads).")
  var loadingThreads: Int?

  @Option(
    help: ArgumentHelp(
      "The ranks' shares of a mini-batch: even, or auto: by their measured speed, for hosts that differ; the result then agrees to rounding only (default: even).",
      valueName: "even|auto"))
  var shares = SharePolicy.even

  @Option(
    help: ArgumentHelp(
      "First write so many training images, as the network sees them, to preview.png in the run's folder; with "
        + "--iterations 0 that is all.",
      valueName: "images"))
  var preview: Int?

  @Option(
    help: ArgumentHelp(
      "Compute all convolutions so, for comparison: \(ConvolutionMethod.list) (default: by shape).",
      valueName: "method"))
  var convolution: ConvolutionMethod?

  @Option(
    help: ArgumentHelp(
      "\(Activation.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var activation: Activation?

  @Option(help: ArgumentHelp("\(Initializer.Rule.names.joined(separator: ", ")).", valueName: "name"))
  var initializer: String?

  @Option(help: "The learning rate before its first drop.")
  var learningRate: Double?

  @Option(help: "The filters of the narrowest layers, for architectures of adjustable width.")
  var width: Int?

  @Option(help: ArgumentHelp("Also save every so many iterations.", valueName: "iterations"))
  var checkpointEvery: Int?

  @Option(help: "The share of units dropped in the fully connected layers.")
  var dropout: Double?

  @Option(
    help: ArgumentHelp(
      "When the loss or a gradient is no number: stop, or rollback to the last checkpoint with a tenth of the learning rate, at most twice (default: stop).",
      valueName: "stop|rollback"))
  var onDivergence: Configuration.Training.OnDivergence?

  @Option(
    help: ArgumentHelp(
      "Write each layer's response, gradient and update to statistics.csv in the run folder, every so many iterations.",
      valueName: "iterations"))
  var logStatistics: Int?

  @OptionGroup var watch: WatchOptions

  @Flag(help: "Show every image as it is: no crop, no mirror.")
  var noAugmentation = false

  @Flag(help: "Go on with a run although the data differ from its own.")
  var force = false

  @Flag(help: "Print the resolved settings as YAML and end.")
  var printConfig = false

  @Flag(
    help: "Write event files for TensorBoard into the run folder: every figure of metrics.csv, and the coefficients.")
  var tensorboard = false

  @Flag(inversion: .prefixedNo, help: "Write report.html into the run folder at every evaluation.")
  var report = true

  @Flag(help: "Print warnings and errors only.")
  var quiet = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it takes 1 or more.") }
    if let loadingThreads, loadingThreads < 1 {
      throw ValidationError("--loading-threads is \(loadingThreads); it takes 1 or more.")
    }
    if let preview, !(1...10_000).contains(preview) {
      throw ValidationError("--preview is \(preview); it takes 1 to 10000.")
    }
    if let iterations, iterations < 0 { throw ValidationError("--iterations is \(iterations); it takes 0 or more.") }
    if let logStatistics, logStatistics < 1 {
      throw ValidationError("--log-statistics is \(logStatistics); it takes 1 or more.")
    }
    if let timeLimit, !(timeLimit > 0) {
      throw ValidationError("--time-limit is \(timeLimit); it takes minutes above 0.")
    }
    if let initializer, Initializer.Rule(name: initializer) == nil {
      throw ValidationError(
        "--initializer \(initializer) is not known; there are \(Initializer.Rule.names.joined(separator: ", ")).")
    }
    if let resume, resume != "auto", let runFolder, runFolder != resume {
      throw ValidationError(
        "--resume \(resume) and --run \(runFolder) name different folders; --resume alone suffices.")
    }
  }

  func run() throws {
    guard !printConfig else { return try printConfiguration() }
    let request = request
    let settings = settings
    let (quiet, writesPage, writesEvents) = (quiet, report, tensorboard)
    // Before MPI starts: a process without mpirun looks like one of its ranks afterwards.
    let terminal = Terminal.find()
    onAllRanks(watch: watch) { world in
      let reporter = TrainingReporter(quiet: quiet, terminal: terminal)
      let recorder = RunRecorder(
        writesPage: writesPage, writesEvents: writesEvents,
        software: "prelu-dist \(PreluDist.version), \(World.mpiVersion), BLAS kernel \(MatrixLibrary.kernelName), "
          + "\(InstructionSets.compiledFor.summary)", warn: reporter.warn)
      let training = try TrainingRun(request, settings, world: world) { event in
        reporter.tell(event)
        recorder.tell(event)
      }
      let summary = try training.run()
      if case .interrupted = summary.ending { return .tryAgain }
      return .done
    }
  }

  private func printConfiguration() throws {
    do {
      Console.write(try request.resolved().yaml())
    } catch {
      Console.complain("\(error)")
      Foundation.exit(ExitStatus(of: error).rawValue)
    }
  }

  private var settings: TrainingSettings {
    var start = TrainingSettings.Start.new
    if let resume { start = resume == "auto" ? .auto : .resume(resume) }
    return TrainingSettings(
      runFolder: runFolder, start: start, iterations: iterations, timeLimit: timeLimit.map { $0 * 60 },
      threads: threads, convolution: convolution, loadingThreads: loadingThreads,
      shares: shares, preview: preview, statisticsEvery: logStatistics, acceptsOtherData: force,
      commandLine: CommandLine.arguments.joined(separator: " "),
      program: "prelu-dist \(PreluDist.version)")
  }

  private var request: ConfigurationRequest {
    let flags = self
    // A pack without a recipe is trained on as the paper trains its small model; a resumed run has its own.
    var recipe = recipe
    if recipe == nil, resume == nil, let data, DataOpening.kind(of: data) == .pack { recipe = Recipes.photographs }
    return ConfigurationRequest(recipe: recipe) { configuration in
      if let model = flags.model {
        // The data decide about classes and input where the architecture leaves them open.
        let (classes, input) = (configuration.model.classes, configuration.model.input)
        try configuration.model.choose(architecture: model)
        if configuration.model.width != nil {
          (configuration.model.classes, configuration.model.input) = (classes, input)
        }
      }
      if let value = flags.width { configuration.model.width = value }
      if let value = flags.activation { configuration.model.activation = value }
      if let value = flags.initializer.flatMap({ Initializer.Rule(name: $0) }) {
        configuration.model.initializer.rule = value
      }
      if let value = flags.data { DataOpening.choose(value, in: &configuration) }
      if let value = flags.epochs { configuration.training.epochs = value }
      if let value = flags.batch { configuration.training.batch = value }
      if let value = flags.subset { configuration.data.subset = value }
      if let value = flags.seed { configuration.training.seed = value }
      if let value = flags.dropout { configuration.training.dropout = value }
      if let value = flags.onDivergence { configuration.training.onDivergence = value }
      if let value = flags.learningRate { configuration.solver.learningRate = value }
      if let value = flags.checkpointEvery { configuration.checkpoint.everyIterations = value }
      if flags.noAugmentation { configuration.augmentation = .none }
    }
  }
}
