import ArgumentParser
import Checkpoint
import Configuration
import Foundation
import Kernels
import Network
import Packs
import System

/// Shows a model's layers, or what is in a checkpoint or a pack.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show the layers of a model, or what is in a checkpoint or a pack.")

  @Argument(
    help: ArgumentHelp(
      "A checkpoint, a run folder, which stands for its newest one, or a pack.", valueName: "checkpoint|run|pack"))
  var path: String?

  @OptionGroup var model: ModelOptions

  @Option(help: ArgumentHelp("The activation of the model's layers.", valueName: "name"))
  var activation: Activation?

  @Flag(help: "Show the method that computes each convolution on this processor, too.")
  var algorithms = false

  @OptionGroup var convolution: ConvolutionOptions

  @OptionGroup var precision: PrecisionOptions

  @Option(
    help: ArgumentHelp(
      "Show how evenly this many threads would share each layer's work on one leaf, a part of a mini-batch.",
      valueName: "number"))
  var threads: Int?

  @Option(help: ArgumentHelp("The number of images of the leaf, with --threads.", valueName: "number"))
  var images = 16

  @Flag(
    help: ArgumentHelp(
      "Read everything in a checkpoint, run folder or pack, and say whether it is whole or what is not; the exit code "
        + "is 65 where something is not."))
  var verify = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    if path != nil, algorithms || convolution.method != nil || precision.precision != nil || threads != nil {
      throw ValidationError("--algorithms, --convolution, --precision and --threads go with --model or --recipe.")
    }
    try checkRange("--threads", threads, ThreadOptions.range)
    try checkRange("--images", images, .within(1...4096))
    if verify, path == nil {
      throw ValidationError("--verify needs a checkpoint, a run folder or a pack.")
    }
    if path != nil, activation != nil {
      throw ValidationError("--activation goes with --model or --recipe; a checkpoint has its own.")
    }
  }

  func run() throws {
    alone {
      try checkOneThing()
      guard let path else {
        try showModel()
        return .done
      }
      try verify ? showVerification(of: path) : show(file: path)
      return .done
    }
  }

  /// Refuses none and several of the things that can be shown.
  ///
  /// `validate` would come before the search for unknown options, which hands the value of a misspelled one to `path`.
  private func checkOneThing() throws {
    let named = [path, model.model.map { "--model \($0)" }, model.recipe.map { "--recipe \($0)" }].compactMap(\.self)
    guard named.count != 1 else { return }
    throw Refusal(
      .usage,
      "expected a checkpoint, a run folder, a pack, --model or --recipe, found "
        + "\(named.isEmpty ? "none" : named.joined(separator: " and ")): name one of them")
  }

  // MARK: - A model

  private func showModel() throws {
    var configuration = try model.settings()
    if let activation { configuration.model.activation = activation }
    let precision = precision.precision ?? configuration.training.precision
    try PrecisionOptions.check(precision, convolution)
    let architecture = try configuration.architecture().resolved()
    let tower = Tower(architecture, convolution: convolution.method, precision: precision)
    if let threads {
      let table = BalanceTable(tower, threads: threads, images: images)
      return json ? Console.sayJSON(table.rows) : Console.say(table.text)
    }
    guard algorithms else {
      let summary = ModelSummary(architecture)
      return Console.say(json ? summary.json : summary.text)
    }
    let layers = tower.layers.compactMap { $0 as? ConvolutionLayer }
    guard !json else {
      return Console.sayJSON(Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.choice.name) }))
    }
    Console.say(ModelSummary(architecture).text)
    Console.say("")
    Console.say("convolutions on this processor (\(InstructionSets.compiledFor.summary))")
    let width = layers.map(\.name.count).max() ?? 0
    for layer in layers {
      Console.say("  \(layer.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(layer.choice.name)")
    }
  }

  // MARK: - A file

  private func showVerification(of path: String) throws {
    let verification = try Verification(path)
    if json { Console.sayJSON(verification) } else { verification.lines.forEach(Console.say) }
    try verification.check()
  }

  private func show(file path: String) throws {
    guard FileSystem.exists(path) else {
      throw FileError(.missing, path: path, problem: "expected a pack, a run folder or a checkpoint, found nothing")
    }
    guard !FileSystem.isFolder(path) else {
      let newest = try RunFolder.open(at: path).newestWhole()
      for checkpoint in newest.skipped { Console.complain("warning: passed over: \(checkpoint)") }
      return try show(checkpoint: newest.path)
    }
    if Pack.isPack(path) { show(try Pack(path)) } else { try show(checkpoint: path) }
  }

  private func show(_ pack: Pack) {
    let counts = PackPart.allCases.compactMap { part in pack.images(part).map { (part.rawValue, $0.count) } }
    guard !json else { return Console.sayJSON(PackObject(pack, pictures: counts)) }
    func numbers(_ values: [Double]) -> String { values.map { String(format: "%.5g", $0) }.joined(separator: ", ") }
    Console.say("pack           \(pack.path)")
    Console.say("fingerprint    \(pack.fingerprint)")
    for (part, count) in counts {
      Console.say(part.padding(toLength: 15, withPad: " ", startingAt: 0) + count.counted("picture", grouped: true))
    }
    showClasses(of: pack)
    Console.say("mean           \(pack.mean.extents) pixels; red, green, blue \(numbers(pack.colors.mean))")
    Console.say("eigenvalues    \(numbers(pack.colors.eigenvalues)) of the colors' covariance, for values from 0 to 1")
    Console.say("skipped        \(pack.skipped.count.counted("file", grouped: true))")
    for line in pack.skipped { Console.say("  \(line)") }
  }

  /// Shows each class with its number, its name, and the number of its pictures in each split.
  private func showClasses(of pack: Pack) {
    Console.say("classes        \(pack.classNames.count.grouped)")
    let splits = PackPart.allCases.compactMap { part in
      pack.images(part).map { images in
        (part.rawValue, images.labels.reduce(into: [:]) { counts, label in counts[Int(label), default: 0] += 1 })
      }
    }
    let width = "\(max(0, pack.classNames.count - 1))".count
    for (index, name) in pack.classNames.enumerated() {
      let counts = splits.map { split, counts in "\(counts[index, default: 0].grouped) \(split)" }
      let number = String(repeating: " ", count: width - "\(index)".count) + "\(index)"
      Console.say("  \(number)  \(name.onOneLine) (\(counts.joined(separator: ", ")))")
    }
  }

  private func show(checkpoint path: String) throws {
    let header = try CheckpointFile.readHeader(path)
    // The digest is computed from the values themselves, and so proves that the file is good.
    let digest = try CheckpointFile.digest(ofFile: path)
    guard !json else { return Console.sayJSON(CheckpointObject(header, path: path, digest: digest)) }
    let state = header.state
    let parameters = header.tensors.reduce(0) { $0 + $1.count }
    Console.say("checkpoint     \(path)")
    Console.say("written        \(header.created.onOneLine) by \(header.provenance.program.onOneLine)")
    Console.say(
      "iteration      \(state.iteration) (\(state.epoch.counted("epoch")) and "
        + "\(state.iterationInEpoch.counted("iteration")) of the next one)")
    Console.say(
      "samples seen   \(state.samplesSeen.grouped) in mini-batches of \(state.batch), seed \(state.seed)")
    if let configuration = try? Configuration(json: header.configuration, source: path) {
      Console.say("precision      \(configuration.training.precision.rawValue)")
    }
    Console.say("learning rate  \(state.learningRate), dropped \(state.schedule.learningRateDrops.counted("time"))")
    showTraining(header, path)
    if let best = state.best {
      Console.say(
        String(
          format: "best           %.2f %% validation error at iteration %d", best.validationTop1Error, best.iteration))
    }
    Console.say("trained        \(clockText(state.secondsTrained)), last on \(state.worldSize.counted("rank"))")
    Console.say(
      "parameters     \(parameters.grouped) in \(header.tensors.count.counted("tensor"))"
        + (header.hasAverage ? ", with their moving average in /average" : ""))
    Console.say("digest         \(digest)")
    for tensor in header.tensors {
      let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×")
      Console.say("  /data/\(tensor.layer)/\(tensor.blob)  \(shape)")
    }
  }

  /// Shows which layers are frozen or have a rate of their own, and where the first weights came from, if anything
  /// distinguishes the run so.
  private func showTraining(_ header: CheckpointHeader, _ path: String) {
    guard let configuration = try? Configuration(json: header.configuration, source: path) else { return }
    for line in TrainingExtrasText(configuration).lines { Console.say(line) }
    let weights = configuration.weights
    if !weights.source.isEmpty { Console.say("weights from   \(weights.source.onOneLine), digest \(weights.digest)") }
  }
}
