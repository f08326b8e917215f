import ArgumentParser
import Communication
import Diagnostics
import Images
import Kernels

/// The program; `train` is the command that runs when none is named.
struct PreluDist: ParsableCommand {
  static let version = "0.1.0"
  /// The program's name and version, as checkpoints record them.
  static let program = "prelu-dist \(version)"

  /// The program, the MPI library, and the level of x86-64 that the program is built for.
  static var software: String {
    "\(program), \(World.mpiVersion), level \(ProcessorLevel.compiledFor) (\(InstructionSets.compiledFor.summary))"
  }

  /// The lines that `--version` prints: what a report of a fault should name.
  static var versionText: String {
    let installation = Installation.ofThisProgram
    let levels = installation.map { ", installed: \($0.levels.joined(separator: ", "))" } ?? ""
    let libraries = SystemLibraries.versions + PictureLibraries.versions
    return """
      \(program)
      commit     \(installation?.commit ?? "unknown: this program was not put here by scripts/install")
      level      \(ProcessorLevel.compiledFor) (\(InstructionSets.compiledFor.summary))\(levels); \
      this processor: \(ProcessorLevel.ofProcessor)
      MPI        \(World.mpiVersion)
      libraries  \(libraries.joined(separator: ", "))
      """
  }

  static let configuration = CommandConfiguration(
    commandName: "prelu-dist",
    abstract: "Trains convolutional networks with PReLU on the CPUs of a cluster, over MPI.",
    discussion: """
      `mpirun -np 8 prelu-dist` trains the default recipe on Fashion-MNIST. A run's folder holds its checkpoints, \
      settings and figures; --resume auto continues the run.

      Exit codes: 0 done, 64 a wrong command, option or value, 65 bad data, 66 missing input, 69 unfit hosts (doctor), \
      70 internal error, 73 and 74 cannot write, 75 stopped early with a checkpoint saved (run again with --resume to \
      continue).
      """,
    version: program,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, CompareCommand.self, PredictCommand.self, PackCommand.self,
      InspectCommand.self, SweepCommand.self, AverageCommand.self, ExportCommand.self, SealCommand.self,
      ReportCommand.self,
      DoctorCommand.self, BenchCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)
}
