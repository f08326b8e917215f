import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Datasets
import Recording
import System
import Training

/// Trains a network, or continues a run.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network, or continue a run (the default command).",
    discussion: """
      Without --recipe, photographs are trained on by the recipe photos, and other data by the recipe fashion; a run \
      that is continued keeps its own settings.
      """)

  @OptionGroup(title: "Network") var model: ModelOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Network") var weights: WeightOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
  @OptionGroup(title: "Run folder") var folder: RunFolderOptions
  @OptionGroup(title: "Ranks and threads") var ranks: RankOptions
  @OptionGroup(title: "Output") var records: RecordOptions
  @OptionGroup(title: "Output") var trace: TraceOptions

  @Flag(help: "Print the resolved settings as YAML and end.")
  var printConfig = false

  @Flag(help: "Open everything, measure a few steps, say what the run takes, also on other ranks, and write nothing.")
  var dryRun = false

  func run() throws {
    guard !printConfig else { alone { try printConfiguration() } }
    let (request, settings, records) = (request, settings, records)
    // This precedes MPI's start: a process without mpirun looks like one of its ranks afterwards.
    let terminal = Terminal.find()
    if dryRun { onAllRanks(endsAtOnce: true, watch: ranks.watch) { world in try Self.look(request, settings, world) } }
    onAllRanks(watch: ranks.watch) { world in
      if world.rank == 0 {
        Self.acknowledgeSignals(ranks: world.size, terminal)
        Console.transcript.begin()
      }
      let reporter = TrainingReporter(quiet: records.quiet, terminal: terminal)
      let recorder = RunRecorder(
        writesPage: records.report, writesEvents: records.tensorboard, software: PreluDist.software,
        warn: reporter.warn)
      let training = try TrainingRun(request, settings, world: world, listeners: [reporter, recorder])
      let summary = try training.run()
      if case .interrupted = summary.ending { return .tryAgain }
      return .done
    }
  }

  /// Looks at what a run would be.
  private static func look(
    _ request: ConfigurationRequest, _ settings: TrainingSettings, _ world: World
  ) throws -> ExitStatus {
    let run = try DryRun(request, settings, world: world) { steps, batch in
      guard world.rank == 0 else { return }
      Console.say(
        "measuring \(steps.counted("step")) of \(batch.counted("image")), then the parts of a step, to predict other "
          + "numbers of ranks")
    }
    let forecast = try RunForecast.measured(run, world: world)
    for warning in run.firstWeights?.warnings ?? [] { Console.complain("warning: \(warning)") }
    if world.rank == 0 { for line in DryRunText(run, forecast).lines { Console.say(line) } }
    return .done
  }

  /// Has a signal answered at once: a launcher may leave the ranks little time, and a step can take long.
  private static func acknowledgeSignals(ranks: Int, _ terminal: Terminal?) {
    // The progress line of a terminal is left as it is.
    let start = terminal == nil ? "" : "\n"
    let end =
      ranks == 1 ? "" : "; if mpirun kills the ranks before that, the run can continue from its last checkpoint"
    StopSignals.acknowledge { name in
      "\(start)prelu-dist: signal \(name) came: the run finishes its step, saves a checkpoint and stops\(end)\n"
    }
  }

  private func printConfiguration() throws -> ExitStatus {
    Console.write(try request.resolved().yaml())
    return .done
  }

  /// The recipe, and what the options change of it.
  private var request: ConfigurationRequest {
    let options = self
    return ConfigurationRequest(recipe: recipe, options: optionsOfSettings) { configuration in
      try options.chooseModel(in: &configuration)
      options.network.apply(to: &configuration)
      try options.weights.apply(to: &configuration)
      options.data.apply(to: &configuration)
      options.schedule.apply(to: &configuration)
      options.folder.apply(to: &configuration)
      try PrecisionOptions.check(configuration.training.precision, options.ranks.convolution)
    }
  }

  /// The options that were given, by the settings that they set.
  private var optionsOfSettings: [String: String] {
    model.optionsOfSettings.merging(network.optionsOfSettings) { $1 }.merging(weights.optionsOfSettings) { $1 }
      .merging(data.optionsOfSettings) { $1 }.merging(schedule.optionsOfSettings) { $1 }
      .merging(folder.optionsOfSettings) { $1 }
  }

  /// The recipe asked for. Without one, a pack is trained on as the paper trains its small model; a run that is
  /// continued has its own.
  private var recipe: String? {
    if model.recipe == nil, folder.resume == nil, let path = data.data, Configuration.DataSet.Kind(of: path) == .pack {
      return Recipes.photographs
    }
    return model.recipe
  }

  /// Chooses the architecture asked for, if any. The data decide about classes and input where it leaves them open.
  private func chooseModel(in configuration: inout Configuration) throws {
    guard let name = model.model else { return }
    let (classes, input) = (configuration.model.classes, configuration.model.input)
    try ModelOptions.choose(name, in: &configuration)
    guard configuration.model.width != nil else { return }
    (configuration.model.classes, configuration.model.input) = (classes, input)
  }

  private var settings: TrainingSettings {
    TrainingSettings(
      runFolder: folder.path, start: folder.start, iterations: schedule.iterations,
      timeLimit: schedule.timeLimit.map { $0 * 60 }, threads: ranks.threads.threads,
      convolution: ranks.convolution.method, loadingThreads: ranks.loadingThreads, shares: ranks.shares,
      preview: data.preview, statisticsEvery: records.logStatistics, trace: trace.request,
      acceptsOtherData: folder.force, commandLine: ProcessArguments.line, program: PreluDist.program)
  }
}
