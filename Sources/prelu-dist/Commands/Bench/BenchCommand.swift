import ArgumentParser

/// Measures this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure kernels, the training step, its data and its checkpoints on this machine.",
    subcommands: [
      ConvolutionCommand.self, StepCommand.self, DenseCommand.self, ScalingCommand.self, FeedingCommand.self,
      CheckpointCommand.self,
    ])
}
