import ArgumentParser
import Evaluation
import System
import Weights

/// Writes a trained network for other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a trained network for PyTorch, ONNX or any reader of safetensors.",
    discussion: """
      A run folder stands for its best checkpoint. The file says which classes the scores are of and how the inputs \
      are made: their mean, scale and size. --to pytorch writes a Python module and the safetensors file that it \
      reads. `prelu-dist train --weights` reads safetensors files.
      """)

  /// The kinds of files.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case safetensors, onnx, pytorch
  }

  @Argument(help: ArgumentHelp("A run folder or a checkpoint.", valueName: "run|checkpoint"))
  var source: String

  @Option(help: ArgumentHelp("The kind of file.", valueName: "format"))
  var to: Format

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Flag(
    help: ArgumentHelp(
      "The ONNX model takes pixels of 0 to 255 and subtracts the mean itself, instead of inputs from which it is "
        + "subtracted already."))
  var fromPixels = false

  @OptionGroup var weights: WeightChoiceOptions

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output needs a file's name.") }
    if fromPixels, to != .onnx { throw ValidationError("--from-pixels goes with --to onnx.") }
  }

  func run() throws {
    alone {
      if to == .pytorch { try ExportedNetwork.checkModuleName(output) }
      for file in files { try outputs.check(file, inputs: [source]) }
      let trained = try TrainedNetwork(source, weights.vector)
      for note in trained.notes { Console.complain("warning: \(note)") }
      let architecture = trained.network.architecture
      let isPhotographs = trained.configuration.data.kind == .pack
      let network = ExportedNetwork(
        architecture, parameters: UnsafeBufferPointer(trained.network.parameters.values), mean: trained.mean.values,
        metadata: ExportMetadata(
          architecture: ExportedNetwork.json(architecture), classNames: trained.classNames,
          scale: trained.configuration.data.scale,
          shorterSide: isPhotographs ? trained.configuration.data.shorterSide : nil,
          origin: "\(PreluDist.program), \(FileSystem.name(of: trained.path)), iteration \(trained.iteration)"))
      try write(network)
      withExtendedLifetime(trained.network) {}
      if to == .pytorch, let doubt = ExportedNetwork.doubt(ofModuleName: output) {
        Console.complain("warning: \(doubt)")
      }
      let names = files.map(\.path).joined(separator: ", ")
      Console.say(
        "\(names): \(architecture.name) with \(architecture.parameterCount.grouped) parameters and "
          + "\(trained.classNames.count.counted("class")), of \(trained.path)"
          + (trained.vector == .average ? ", the moving average of its weights" : ""))
      return .done
    }
  }

  /// The files to write.
  private var files: [OutputFile] {
    switch to {
    case .safetensors: [ExportedNetwork.safetensorsOutput(output)]
    case .onnx: [ExportedNetwork.onnxOutput(output)]
    case .pytorch: ExportedNetwork.pyTorchOutputs(output)
    }
  }

  private func write(_ network: ExportedNetwork) throws {
    switch to {
    case .safetensors: try network.writeSafetensors(to: output)
    case .onnx: try network.writeONNX(to: output, fromPixels: fromPixels)
    case .pytorch: try network.writePyTorch(to: output)
    }
  }
}
