import ArgumentParser
import Checkpoint
import System

/// Averages the parameters of several checkpoints of a run.
struct AverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average", abstract: "Average the parameters of several checkpoints of a run into one for testing.",
    discussion: """
      The average of checkpoints from a time when the learning rate was still high makes fewer errors than each of \
      them, and often fewer than the run's last one. The setting checkpoint.keep says how many checkpoints a run \
      keeps; the untrained one that it begins with is left out. An average has no momentum, so no training can \
      continue from it.
      """)

  @Argument(
    help: ArgumentHelp(
      "The checkpoints to average, or a run folder, of which --last or all checkpoints are taken.",
      valueName: "checkpoint|run"))
  var checkpoints: [String] = []

  @Option(
    help: ArgumentHelp(
      "The number of a run folder's newest checkpoints to average (default: all).", valueName: "number"))
  var last: Int?

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "file.h5"))
  var output: String

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    try checkRange("--last", last, .atLeast(1))
    if output.isEmpty { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    alone {
      var leftOut: [String] = []
      let (count, iteration) = try CheckpointAverage.write(
        to: output, provenance: Provenance(program: PreluDist.program, commandLine: ProcessArguments.line)
      ) {
        let (paths, untrained) = try list()
        guard !paths.isEmpty else {
          throw Refusal(.usage, "expected checkpoints or a run folder, found none: name what to average")
        }
        try outputs.check(CheckpointAverage.output(output), inputs: paths)
        for path in untrained where !leftOut.contains(path) {
          Console.say("\(path): left out, because it is from before the training")
        }
        leftOut += untrained
        return paths
      }
      Console.say("\(output): the average of \(count.counted("checkpoint")) up to iteration \(iteration)")
      return .done
    }
  }

  /// Returns the paths of the checkpoints: those that are named, and those of each run folder, oldest first. What a run
  /// itself has not written, such as an average, is left out, and so is the checkpoint that a run begins with, before
  /// any training.
  private func list() throws -> (paths: [String], untrained: [String]) {
    var (paths, untrained): ([String], [String]) = ([], [])
    for name in checkpoints {
      guard FileSystem.isFolder(name) else {
        paths.append(name)
        continue
      }
      let all = try RunFolder.open(at: name).checkpoints()
      let trained = all.filter { $0.iteration > 0 }.map(\.path).filter { path in
        // A file that cannot be read is named when it is averaged.
        (try? CheckpointFile.readHeader(path)).map { RunFolder.objection(to: $0, at: path) == nil } ?? true
      }
      guard !trained.isEmpty, trained.count >= last ?? 1 else {
        throw Refusal(
          .missingInput,
          "\(name): expected \((last ?? 1).counted("trained checkpoint")) or more, found \(trained.count): train on, "
            + "or let a run keep more (checkpoint.keep)")
      }
      if last == nil { untrained += all.filter { $0.iteration == 0 }.map(\.path) }
      paths += trained.prefix(last ?? trained.count).reversed()
    }
    return (paths, untrained)
  }
}
