import ArgumentParser
import Communication
import Configuration
import Diagnostics
import Network
import System
import Training

/// Examines whether hosts, ranks, networks and the run folder are fit to train on.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Examine hosts, ranks, networks and the run folder before training.",
    discussion: """
      Start it as the training will be started, such as by `mpirun -np 8 prelu-dist doctor --run runs/first`. It takes \
      some seconds for each pair of hosts, writes 16 MB into the run folder and removes them again. Without --recipe \
      it examines for the settings of the run in that folder, or else for the recipe fashion.

      Exit codes: 0 nothing is wrong, or there are only warnings; 69 a problem was found, or with --strict a warning.
      """)

  @Option(name: .customLong("run"), help: ArgumentHelp("The folder that the run will be in.", valueName: "dir"))
  var runFolder = "."

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp("The pack, or the folder with the data set, that will be trained on.", valueName: "pack|dir"))
  var data: String?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Treat warnings as problems.")
  var strict = false

  @Flag(help: "Print the report as a JSON object.")
  var json = false

  func run() throws {
    let command = self
    onAllRanks(comparesHosts: false) { world in
      let configuration = try world.agree { try command.settings() }
      var requirements = try world.agree { try command.requirements(of: configuration) }
      requirements.memory = try world.memoryDemands(of: configuration, threads: command.threads.threads)
      let announces = world.rank == 0 && world.size > 1 && !command.json
      let report = try Doctor(world, requirements).examine { step in
        if announces, let words = Self.words[step] { Console.complain("examining \(words)") }
      }
      guard world.rank == 0 else { return .done }
      if command.json { Console.sayJSON(report) } else { DoctorText(report).lines.forEach(Console.say) }
      let isUnfit = report.hasProblem || command.strict && report.findings.contains { $0.severity == .warning }
      return isUnfit ? .unavailable : .done
    }
  }

  /// The steps that take long enough to be announced.
  private static let words: [Doctor.Step: String] = [
    .links: "the links between hosts", .clocks: "the clocks", .allreduce: "the addition over all ranks",
  ]

  /// Returns the settings that the hosts are to be fit for.
  private func settings() throws -> Configuration {
    let (model, data) = (model.model, data)
    let own = FileSystem.path("config.yaml", in: runFolder)
    let recipe = self.model.recipe ?? (FileSystem.exists(own) ? own : nil)
    return try ConfigurationRequest(recipe: recipe) { configuration in
      if let model { try configuration.model.choose(architecture: model) }
      if let data { configuration.data.directory = data }
    }.resolved()
  }

  private func requirements(of configuration: Configuration) throws -> Doctor.Requirements {
    let architecture = try configuration.architecture().resolved()
    // A checkpoint holds parameters and momentum, four bytes each, and some bytes of other things. Beside those that
    // are kept there may be the best one, and a new one that is being written.
    let checkpoint = 8 * architecture.parameterCount + (1 << 20)
    var requirements = Doctor.Requirements(
      runFolder: runFolder, dataDirectory: configuration.data.directory, threads: threads.threads,
      leaves: configuration.training.leaves, checkpointBytes: (configuration.checkpoint.keep + 2) * checkpoint,
      gradientCount: architecture.towerRange.count)
    requirements.images = configuration.training.batch
    return requirements
  }
}
