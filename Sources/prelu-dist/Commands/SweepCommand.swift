import ArgumentParser
import Checkpoint
import Configuration
import Foundation
import System

/// Trains the runs of a search over settings, and compares them.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Train runs that differ in some settings, and compare them on one page.",
    discussion: """
      The file names the settings of all runs (settings) and the values of those that vary (vary); the guide \
      Schedules, regularization and sweeps (Training.md) describes it. The runs train side by side, each with its \
      share of the cores. The command continues where it was: runs that are done stay, the others go on. At the end, \
      and with --report at any time, the folder's sweep.csv lists the runs by their validation error, and its \
      report.html overlays them. In a job array, each job trains the run whose number --prepare prepares \
      (cluster/sweep-array.sbatch).
      """)

  @Argument(help: ArgumentHelp("The file of the sweep.", valueName: "file.yaml"))
  var file: String

  @Option(
    help: ArgumentHelp("The folder of the runs (default: the file's name without its extension).", valueName: "dir"))
  var folder: String?

  @Option(help: ArgumentHelp("The number of runs at a time (default: one for each core).", valueName: "number"))
  var parallel: Int?

  @Option(help: ArgumentHelp("The number of ranks of each run, started by mpirun.", valueName: "number"))
  var ranks = 1

  @Flag(help: "Show the runs with their settings, and train nothing.")
  var list = false

  @Flag(help: "Compare the runs as far as they are there, and train nothing.")
  var report = false

  @Option(
    help: ArgumentHelp(
      "Write the recipe of this run, from 1 on, and print its path and the run's folder, a line each; train nothing.",
      valueName: "number"))
  var prepare: Int?

  func validate() throws {
    try checkRange("--parallel", parallel, .within(1...4096))
    try checkRange("--ranks", ranks, .within(1...4096))
    try checkRange("--prepare", prepare, .atLeast(1))
    if [list, report, prepare != nil].count(where: \.self) > 1 {
      throw ValidationError("--list, --report and --prepare each do something else: give one of them.")
    }
    if folder == "" { throw ValidationError("--folder needs a folder's name.") }
  }

  func run() throws {
    alone {
      let sweep = try Sweep.load(file)
      if list {
        Console.say(SweepTable.settings(of: sweep))
        return .done
      }
      let runs = SweepFolder(path: folder ?? defaultFolder, sweep: sweep)
      if let prepare {
        guard prepare <= sweep.runs.count else {
          throw Refusal(
            .usage,
            "\(file): expected a run from 1 to \(sweep.runs.count), found --prepare \(prepare): the array of jobs "
              + "is larger than the sweep")
        }
        try runs.make()
        try runs.write(recipeOf: sweep.runs[prepare - 1])
        Console.say(runs.recipe(of: sweep.runs[prepare - 1]))
        Console.say(runs.folder(of: sweep.runs[prepare - 1]))
        return .done
      }
      guard !report else {
        try compare(runs)
        return .done
      }
      return try train(runs)
    }
  }

  /// Trains the runs that are not done, and compares all.
  private func train(_ runs: SweepFolder) throws -> ExitStatus {
    try runs.make()
    let claim = try SweepClaim(folder: runs.path)
    for run in runs.sweep.runs { try runs.write(recipeOf: run) }
    StopSignals.install()
    StopSignals.acknowledge { name in
      "prelu-dist: signal \(name) came: the runs in training save a checkpoint and stop\n"
    }
    let runner = SweepRunner(runs, claim, parallel: parallel ?? cores, ranks: ranks, terminal: Terminal.find())
    let status = runner.run()
    // This comes last, also where the comparison cannot be written.
    defer { if let remainder = runner.remainder { Console.say(remainder) } }
    try compare(runs)
    return status
  }

  /// Writes and shows the table and the page of the runs that have any result.
  private func compare(_ runs: SweepFolder) throws {
    let table = try SweepTable(runs)
    guard !table.rows.isEmpty else { return Console.say("no run has been evaluated yet") }
    try table.write(to: runs)
    Console.say(table.text)
    Console.say("\(runs.path)/sweep.csv, \(runs.path)/report.html")
  }

  private var defaultFolder: String {
    let name = FileSystem.name(of: file)
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    return stem.isEmpty || stem == name ? "\(name)-runs" : stem
  }

  /// The number of cores that this process may use.
  private var cores: Int { ProcessInfo.processInfo.activeProcessorCount }
}
