import ArgumentParser
import Checkpoint
import Configuration
import System

/// Writes a checkpoint that was changed on purpose as a whole one.
struct SealCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal", abstract: "Write a checkpoint that was changed on purpose as a whole one.",
    discussion: """
      A checkpoint whose values were changed, such as with h5py, is refused, because its digests no longer go with \
      them. This names the tensors that changed and writes a new file with new digests. Where shapes change, the \
      layers in /prelu_dist/configuration must change with them.
      """)

  @Argument(help: ArgumentHelp("The checkpoint that was changed.", valueName: "checkpoint"))
  var checkpoint: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "file.h5"))
  var output: String

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    alone {
      try checkIsFile()
      // A sealed checkpoint cannot be told from a run's own, and is as precious.
      try outputs.check(OutputFile(output, kind: "a sealed checkpoint", isEarlierResult: nil), inputs: [checkpoint])
      try checkShapes()
      let changes = try CheckpointSeal.write(
        of: checkpoint, to: output,
        provenance: Provenance(program: PreluDist.program, commandLine: ProcessArguments.line))
      for line in lines(of: changes) { Console.say(line) }
      for warning in warnings(of: changes) { Console.complain("warning: \(warning)") }
      Console.say("\(output): sealed")
      return .done
    }
  }

  /// The account of what changed, a line each.
  private func lines(of changes: CheckpointSeal.Changes) -> [String] {
    guard !changes.isEmpty else { return ["nothing has changed"] }
    let changed =
      changes.parameters + changes.momentum.map { "the momentum of \($0)" }
      + changes.averages.map { "the average of \($0)" } + (changes.hasOtherMean ? ["the mean of the inputs"] : [])
      + (changes.hasOtherShapes ? ["the names or shapes of tensors"] : [])
      + (changes.hasOtherTexts
        ? ["one of the texts: the settings, the classes' names or the state of the training"] : [])
    return changed.map { "changed   \($0)" } + changes.leftOut.map { "left out  \($0)" }
  }

  /// Tells of changes that the weights and their moving average do not share: most commands take one of the two, and a
  /// continued run the other.
  private func warnings(of changes: CheckpointSeal.Changes) -> [String] {
    guard changes.hasAverage else { return [] }
    func list(_ names: [String], _ group: String) -> String {
      (names.prefix(5).map { "/\(group)/\($0)" } + (names.count > 5 ? ["… (\(names.count) in all)"] : []))
        .joined(separator: ", ")
    }
    var sentences: [String] = []
    let plain = changes.parameters.filter { !changes.averages.contains($0) }
    if !plain.isEmpty {
      sentences.append(
        "\(output): expected the same change in \(list(plain, "average")), found none: evaluate, predict, export and "
          + "train --weights take the moving average, and so not this change. Change the average as well, or give "
          + "--plain-weights where a command has it")
    }
    let averages = changes.averages.filter { !changes.parameters.contains($0) }
    if !averages.isEmpty {
      sentences.append(
        "\(output): expected the same change in \(list(averages, "data")), found none: train --resume goes on from "
          + "these, without this change. Change them as well if the run is to be continued")
    }
    return sentences
  }

  /// Refuses a run folder, which may hold several checkpoints, of which one was changed.
  private func checkIsFile() throws {
    guard FileSystem.isFolder(checkpoint) else { return }
    let all = try RunFolder.open(at: checkpoint).checkpoints().map(\.path)
    let shown = all.prefix(5).map { $0.shown() }.joined(separator: ", ") + (all.count > 5 ? ", …" : "")
    throw Refusal(
      .badData,
      "\(checkpoint): expected the checkpoint that was changed, found a folder: "
        + (all.isEmpty ? "name a checkpoint" : "name one of its checkpoints, \(shown)"))
  }

  /// Refuses tensors that are not those of the network that the checkpoint's settings describe: nothing could read
  /// them.
  private func checkShapes() throws {
    let header = try CheckpointSeal.readHeader(checkpoint)
    let network = try Configuration(json: header.configuration, source: checkpoint).architecture().resolved()
    let expected = network.parameters.map { TensorDescription(layer: $0.layer, blob: $0.blob, shape: $0.shape) }
    for (own, found) in zip(expected, header.tensors) where own != found {
      throw Refusal(
        .badData,
        "\(checkpoint): expected \(own) by its settings, found \(found): change the layers in "
          + "/prelu_dist/configuration as well")
    }
    guard expected.count == header.tensors.count else {
      throw Refusal(
        .badData,
        "\(checkpoint): expected \(expected.count) tensors by its settings, found \(header.tensors.count): change the "
          + "layers in /prelu_dist/configuration as well")
    }
    let input = network.input
    if let shape = header.input?.meanShape, shape != [input.channels, input.height, input.width] {
      throw Refusal(
        .badData,
        "\(checkpoint): expected a mean of the shape [\(input.channels), \(input.height), \(input.width)] in "
          + "/prelu_dist/mean, as the network's input has, found \(shape): write one of that shape")
    }
    if let names = header.input?.classNames, let outputs = network.parameters.last?.shape.first, names.count != outputs
    {
      throw Refusal(
        .badData,
        "\(checkpoint): expected names of \(outputs) classes in /prelu_dist/class_names, found \(names.count): write a "
          + "name for each of the network's scores")
    }
  }
}
