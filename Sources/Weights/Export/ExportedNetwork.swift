import Foundation
import Network
import System

/// A trained network with the facts that its inputs are made from, ready to be written for other programs.
public struct ExportedNetwork {
  public let architecture: ResolvedArchitecture
  /// The network's whole vector; the caller keeps it alive.
  public let parameters: UnsafeBufferPointer<Float>
  /// The mean that is subtracted from pixels of 0 to 255, (channels, height, width) of the network's input.
  public let mean: [Float]
  public let metadata: ExportMetadata

  /// - Parameters:
  ///   - parameters: the network's whole vector.
  ///   - mean: the mean of the inputs, (channels, height, width).
  public init(
    _ architecture: ResolvedArchitecture, parameters: UnsafeBufferPointer<Float>, mean: [Float],
    metadata: ExportMetadata
  ) {
    precondition(
      parameters.count == architecture.parameterVectorLength, "\(parameters.count) floats for \(architecture.name)")
    precondition(mean.count == architecture.input.count, "a mean of \(mean.count) values for \(architecture.input)")
    self.architecture = architecture
    self.parameters = parameters
    self.mean = mean
    self.metadata = metadata
  }

  /// The layers and the input as one line of JSON.
  public static func json(_ architecture: ResolvedArchitecture) -> String {
    var described = architecture.architecture
    described.rates = [:]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(described) else {
      preconditionFailure("texts, whole numbers and finite shares are always JSON")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The values of a parameter, where they lie.
  func values(_ parameter: ParameterDescription) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: parameters[parameter.range])
  }

  /// The parameter's extents as PyTorch has them: one coefficient of a whole layer is a list of one.
  func shape(_ parameter: ParameterDescription) -> [Int] { parameter.shape.isEmpty ? [1] : parameter.shape }

  /// The parameter's name as PyTorch has it: `conv1.weight`, `conv1.bias`, `conv1_prelu.weight`.
  func name(_ parameter: ParameterDescription) -> String {
    "\(parameter.layer).\(parameter.role == .bias ? "bias" : "weight")"
  }

  /// Writes a safetensors file: the parameters by PyTorch's names, the tensor `mean`, and the metadata.
  public func writeSafetensors(to path: String) throws(FileError) {
    let output = architecture.parameters.map {
      SafetensorsFile.Output(name: name($0), shape: shape($0), values: values($0))
    }
    // A closure of the library cannot throw a typed error, hence the result.
    let result = mean.withUnsafeBufferPointer { mean in
      Result { () throws(FileError) in
        let input = architecture.input
        let meanOutput = SafetensorsFile.Output(
          name: "mean", shape: [input.channels, input.height, input.width], values: mean)
        try SafetensorsFile.write(to: path, tensors: output + [meanOutput], metadata: metadata.texts)
      }
    }
    try result.get()
  }

  /// Writes a Python module that makes the network in PyTorch, and beside it the safetensors file that it reads.
  public func writePyTorch(to path: String) throws(FileError) {
    let weights = Self.weightsPath(ofModule: path)
    try writeSafetensors(to: weights)
    try writeWhole(path, head: Array(pyTorchModule(reading: FileSystem.name(of: weights)).utf8))
  }

  /// Returns the path of the safetensors file beside a module: `net.safetensors` for `net.py`.
  static func weightsPath(ofModule path: String) -> String {
    (path.hasSuffix(".py") ? String(path.dropLast(3)) : path) + ".safetensors"
  }
}
