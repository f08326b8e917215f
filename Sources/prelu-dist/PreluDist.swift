import ArgumentParser

/// The program: `train` is what it does when nothing else is said.
struct PreluDist: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "prelu-dist",
    abstract: "Trains convolutional networks with PReLU on the CPUs of a cluster, over MPI.",
    discussion: """
      mpirun -np 8 prelu-dist trains the default recipe on Fashion-MNIST. A run's folder holds its checkpoints, settings \
      and figures; --resume auto goes on with it.

      Exit codes: 0 done, 64 usage, 65 bad data, 66 missing input, 69 unfit hosts (doctor), 70 internal error, \
      73 and 74 cannot write, 75 stopped early with a checkpoint saved (run again with --resume to go on).
      """,
    version: "prelu-dist \(version)",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, CompareCommand.self, PredictCommand.self, PackCommand.self,
      InspectCommand.self, AverageCommand.self,
      ReportCommand.self, DoctorCommand.self, BenchCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)
}
