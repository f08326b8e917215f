import ArgumentParser
import Checkpoint
import Foundation
import System
import Training

/// One network from several checkpoints of a training.
struct AverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average", abstract: "Average the parameters of several checkpoints of a run into one to be tested.",
    discussion: """
      Checkpoints from the time when the learning rate was still high err less together than each of them, and often less \
      than the last one: see checkpoint.keep for how many a run keeps. The average has no momentum, so that no training \
      goes on from it.
      """)

  @Argument(
    help: ArgumentHelp("Checkpoints, or a run folder, of which all or --last are taken.", valueName: "checkpoint|run"))
  var checkpoints: [String] = []

  @Option(help: ArgumentHelp("How many of a run's checkpoints, from the newest on.", valueName: "number"))
  var last: Int?

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("Where the average goes.", valueName: "file.h5"))
  var output: String

  func validate() throws {
    if let last, last < 1 { throw ValidationError("--last is \(last); it takes 1 or more.") }
    if output.isEmpty { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    do {
      let paths = try checkpoints.flatMap(paths)
      let iteration = try CheckpointAverage.write(
        of: paths, to: output,
        provenance: Provenance(
          program: "prelu-dist \(PreluDist.version)", commandLine: CommandLine.arguments.joined(separator: " ")))
      Console.say("\(output): the average of \(paths.count) checkpoints up to iteration \(iteration)")
    } catch {
      Console.complain("\(error)")
      Foundation.exit(ExitStatus(of: error).rawValue)
    }
  }

  /// A checkpoint itself, or a run's, oldest first.
  private func paths(of name: String) throws -> [String] {
    guard FileSystem.isFolder(name) else { return [name] }
    let all = try RunFolder.open(at: name).checkpoints().map(\.path)
    guard !all.isEmpty, all.count >= last ?? 1 else {
      throw Refusal(
        .missingInput,
        "\(name): expected \(last ?? 1) checkpoints or more, found \(all.count): let a run keep more by checkpoint.keep"
      )
    }
    return all.prefix(last ?? all.count).reversed()
  }
}
