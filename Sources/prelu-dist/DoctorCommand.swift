import ArgumentParser
import Communication
import Configuration
import Diagnostics
import Foundation
import Kernels
import Network
import System
import Training

/// Whether hosts, ranks, networks and the run folder are fit to train on.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Examine hosts, ranks, networks and the run folder before training.",
    discussion: """
      Start it as the training will be started, such as mpirun -np 8 prelu-dist doctor --run runs/first. It takes some \
      seconds for each pair of hosts, writes 16 MB into the run folder and removes them.

      Exit codes: 0 nothing is wrong, or warnings only; 69 a problem was found, or with --strict a warning.
      """)

  @Option(name: .customLong("run"), help: ArgumentHelp("The folder that a run would be in.", valueName: "dir"))
  var runFolder = "."

  @Option(
    help: ArgumentHelp(
      "The recipe or YAML file that would be trained (default: the run's own, where it is there).",
      valueName: "name|file"))
  var recipe: String?

  @Option(help: "The built-in architecture that would be trained.")
  var model: String?

  @Option(help: ArgumentHelp("The folder with the data set.", valueName: "dir"))
  var data: String?

  @Option(help: "Threads of each rank, as for train.")
  var threads: Int?

  @Flag(help: "Let warnings count as problems.")
  var strict = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it takes 1 or more.") }
  }

  func run() throws {
    let flags = self
    onAllRanks(comparesHosts: false) { world in
      let wishes = try world.agree { try flags.wishes() }
      let speaks = world.rank == 0 && !flags.json
      let report = try Doctor(world, wishes).examine { step in
        if speaks, world.size > 1, let words = Self.words[step] { Console.complain("examining \(words)") }
      }
      guard world.rank == 0 else { return .done }
      if flags.json { try Self.showJSON(report) } else { DoctorText(report).lines.forEach(Console.say) }
      let isUnfit = report.hasProblem || flags.strict && report.findings.contains { $0.severity == .warning }
      return isUnfit ? .unavailable : .done
    }
  }

  private static let words: [Doctor.Step: String] = [
    .links: "the links between hosts", .clocks: "the clocks", .allreduce: "the addition over all ranks",
  ]

  private func wishes() throws -> Doctor.Wishes {
    let (model, data) = (model, data)
    let own = FileSystem.path("config.yaml", in: runFolder)
    let recipe = recipe ?? (FileSystem.exists(own) ? own : nil)
    let configuration = try ConfigurationRequest(recipe: recipe) { configuration in
      if let model { try configuration.model.choose(architecture: model) }
      if let data { configuration.data.directory = data }
    }.resolved()
    let architecture = try configuration.architecture().resolved()
    // Parameters and momentum, four bytes each, and some for the rest; the new file is there before the oldest goes.
    let checkpoint = 8 * architecture.parameterCount + (1 << 20)
    return Doctor.Wishes(
      runFolder: runFolder, dataDirectory: configuration.data.directory, threads: threads,
      checkpointBytes: (configuration.checkpoint.keep + 2) * checkpoint, gradientCount: architecture.towerRange.count)
  }

  private static func showJSON(_ report: DoctorReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    Console.say(String(decoding: try encoder.encode(report), as: UTF8.self))
  }
}
