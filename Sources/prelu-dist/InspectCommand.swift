import ArgumentParser
import Checkpoint
import Configuration
import Foundation
import Kernels
import Network
import Packs
import System

/// Shows a model's layers, or what is in a checkpoint.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "The layers of a model, or what is in a checkpoint or a pack.")

  @Argument(
    help: ArgumentHelp("A checkpoint, a run folder (its newest one), or a pack.", valueName: "checkpoint|run|pack"))
  var checkpoint: String?

  @Option(help: "A built-in architecture, such as fashion-6, small-14, A, B, C, vgg-19.")
  var model: String?

  @Option(help: ArgumentHelp("The model of a recipe or YAML file.", valueName: "name|file"))
  var recipe: String?

  @Option(help: ArgumentHelp("\(Activation.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var activation: Activation?

  @Flag(help: "Also print how each convolution is computed on this processor.")
  var algorithms = false

  @Option(
    help: ArgumentHelp(
      "With --algorithms: compute all convolutions so: \(ConvolutionMethod.list) (default: by shape).",
      valueName: "method"))
  var convolution: ConvolutionMethod?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard [checkpoint, model, recipe].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Name one thing: a checkpoint, --model or --recipe.")
    }
    if checkpoint != nil, algorithms || convolution != nil {
      throw ValidationError("--algorithms and --convolution go with --model or --recipe.")
    }
    if checkpoint != nil, activation != nil {
      throw ValidationError("--activation goes with --model or --recipe; a checkpoint has its own.")
    }
  }

  func run() throws {
    do {
      if let checkpoint { try show(checkpoint: checkpoint) } else { try showModel() }
    } catch {
      Console.complain("\(error)")
      Foundation.exit(ExitStatus(of: error).rawValue)
    }
  }

  private func show(_ pack: Pack) {
    let counts = PackPart.allCases.compactMap { part in pack.images(part).map { (part, $0.count) } }
    guard !json else {
      return Console.sayJSON([
        "pack": pack.path, "fingerprint": pack.fingerprint, "classes": pack.classNames,
        "pictures": Dictionary(uniqueKeysWithValues: counts.map { ($0.0.rawValue, $0.1) }),
        "color_mean": pack.colors.mean, "color_eigenvalues": pack.colors.eigenvalues,
        "color_eigenvectors": pack.colors.eigenvectors, "skipped": pack.skipped,
      ])
    }
    func numbers(_ values: [Double]) -> String { values.map { String(format: "%.5g", $0) }.joined(separator: ", ") }
    Console.say("pack           \(pack.path)")
    Console.say("fingerprint    \(pack.fingerprint)")
    for (part, count) in counts {
      Console.say(
        part.rawValue.padding(toLength: 15, withPad: " ", startingAt: 0) + "\(count.grouped) pictures")
    }
    Console.say("classes        \(pack.classNames.count)")
    Console.say("mean           \(pack.mean.extents) pixels; red, green, blue \(numbers(pack.colors.mean))")
    Console.say("eigenvalues    \(numbers(pack.colors.eigenvalues)) of the colours' covariance, of values 0 to 1")
    Console.say("skipped        \(pack.skipped.count.grouped) files")
    for line in pack.skipped { Console.say("  \(line)") }
  }

  private func showModel() throws {
    var configuration = try Configuration.load(recipe: recipe ?? Recipes.defaultName)
    if let model { try configuration.model.choose(architecture: model) }
    if let activation { configuration.model.activation = activation }
    let architecture = try configuration.architecture().resolved()
    guard algorithms else {
      let summary = ModelSummary(architecture)
      return Console.say(json ? summary.json : summary.text)
    }
    let layers = Tower(architecture, convolution: convolution).layers.compactMap { $0 as? ConvolutionLayer }
    guard !json else {
      return Console.sayJSON(
        Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.choice.name as Any) }))
    }
    Console.say(ModelSummary(architecture).text)
    Console.say("")
    Console.say("convolutions on this processor (\(InstructionSets.compiledFor.summary))")
    let width = layers.map(\.name.count).max() ?? 0
    for layer in layers {
      Console.say("  \(layer.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(layer.choice.name)")
    }
  }

  private func show(checkpoint path: String) throws {
    let path = FileSystem.isFolder(path) ? try RunFolder.open(at: path).newestWhole().path : path
    if Pack.isPack(path) { return show(try Pack(path)) }
    let header = try CheckpointFile.readHeader(path)
    // From the values themselves: the digest is as good as the file.
    let digest = try CheckpointFile.digest(ofFile: path)
    let state = header.state
    guard !json else {
      var object: [String: Any] = [
        "checkpoint": path, "digest": digest, "iteration": state.iteration, "epoch": state.epoch,
        "iteration_in_epoch": state.iterationInEpoch, "samples_seen": state.samplesSeen, "seed": state.seed,
        "learning_rate": state.learningRate, "learning_rate_drops": state.schedule.learningRateDrops,
        "finished": state.schedule.finished, "seconds_trained": state.secondsTrained, "world_size": state.worldSize,
        "batch": state.batch, "run": state.runIdentifier, "program": header.provenance.program,
        "created": header.created,
        "tensors": header.tensors.map {
          ["layer": $0.layer, "blob": $0.blob, "shape": $0.shape] as [String: Any]
        },
      ]
      if let best = state.best {
        object["best_iteration"] = best.iteration
        object["best_validation_top1_error"] = best.validationTop1Error
      }
      return Console.sayJSON(object)
    }
    let parameters = header.tensors.reduce(0) { $0 + $1.count }
    Console.say("checkpoint     \(path)")
    Console.say("written        \(header.created) by \(header.provenance.program)")
    Console.say(
      "iteration      \(state.iteration) (epoch \(state.epoch) and \(state.iterationInEpoch) iterations of the next)")
    Console.say(
      "samples seen   \(state.samplesSeen.grouped) in mini-batches of \(state.batch), seed \(state.seed)")
    Console.say("learning rate  \(state.learningRate), dropped \(state.schedule.learningRateDrops) times")
    if let best = state.best {
      Console.say(
        String(
          format: "best           %.2f %% validation error at iteration %d", best.validationTop1Error, best.iteration))
    }
    Console.say("trained        \(clockText(state.secondsTrained)), last on \(state.worldSize) ranks")
    Console.say("parameters     \(parameters.grouped) in \(header.tensors.count) tensors")
    Console.say("digest         \(digest)")
    for tensor in header.tensors {
      Console.say(
        "  /data/\(tensor.layer)/\(tensor.blob)  \(tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×"))"
      )
    }
  }
}
