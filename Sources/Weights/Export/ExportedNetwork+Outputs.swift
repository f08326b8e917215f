import System

/// The paths that networks are written to, and what may be replaced there: an earlier file of this program's that
/// nobody has changed.
extension ExportedNetwork {
  /// Returns the output of `writeSafetensors`.
  public static func safetensorsOutput(_ path: String) -> OutputFile {
    OutputFile(path, kind: "an exported network") { path in
      guard let file = try? SafetensorsFile(path), let texts = ExportMetadata(file.metadata) else { return false }
      // A file that Python has written since is somebody's training. The safetensors package sorts tensors by their
      // names, among which biases come before weights.
      let names = file.tensors.map(\.name)
      return !texts.origin.hasPrefix(changedOrigin) && names != names.sorted()
    }
  }

  /// Returns the output of `writeONNX`.
  public static func onnxOutput(_ path: String) -> OutputFile {
    OutputFile(path, kind: "an exported ONNX model") { path in
      // The fields come in the order of their numbers: the version (1) and the producer (2).
      let own: [UInt8] = [0x08, UInt8(onnxVersion), 0x12, UInt8(producer.utf8.count)] + Array(producer.utf8)
      return (try? FileSystem.beginning(of: path, limit: own.count)).map { $0.elementsEqual(own) } ?? false
    }
  }

  /// Returns the outputs of `writePyTorch`: the module, and the safetensors file that it reads.
  public static func pyTorchOutputs(_ path: String) -> [OutputFile] {
    [
      OutputFile(path, kind: "an exported PyTorch module", isEarlierResult: isUnchangedPyTorchModule),
      safetensorsOutput(weightsPath(ofModule: path)),
    ]
  }
}
