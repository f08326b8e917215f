import Foundation
import System
import TestSupport
import Testing
import Weights

/// Files that hold no weights for this program are refused, and what to do is said.
@Suite struct WeightSourceTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// The convolutions of such a network would fit, and be another function.
  @Test func batchNormalizationIsRefused() throws {
    let path = folder.file("bn.safetensors")
    try [Float](repeating: 1, count: 4).withUnsafeBufferPointer {
      try SafetensorsFile.write(
        to: path, tensors: [.init(name: "features.1.running_mean", shape: [4], values: $0)], metadata: [:])
    }
    let error = #expect(throws: Refusal.self) { try WeightSource(path) }
    #expect(
      error?.description == """
        \(path): expected a network without batch normalization, which this program does not have, found \
        "features.1.running_mean": fold it into the convolutions first
        """)
  }

  /// Group, instance and layer normalization have no statistics: what scales and shifts has weights and biases of the
  /// same shape, which no layer of this program has. Without biases only the name tells it from PReLU.
  @Test(arguments: [
    [("features.1.weight", [4]), ("features.1.bias", [4])], [("stem.weight", [4, 2, 2]), ("stem.bias", [4, 2, 2])],
    [("layer1.norm2.weight", [4])], [("LayerNorm.weight", [4])], [("bn1.weight", [4])], [("block.ln_1.weight", [4])],
  ]) func otherNormalizationsAreRefused(tensors: [(String, [Int])]) throws {
    let path = folder.file("norm.safetensors")
    try [Float](repeating: 1, count: 16).withUnsafeBufferPointer { values in
      let outputs = (tensors + [("features.0.weight", [4, 3, 1, 1]), ("features.0.bias", [4])]).map { name, shape in
        SafetensorsFile.Output(
          name: name, shape: shape, values: UnsafeBufferPointer(rebasing: values[..<shape.reduce(1, *)]))
      }
      try SafetensorsFile.write(to: path, tensors: outputs, metadata: [:])
    }
    let error = #expect(throws: Refusal.self) { try WeightSource(path) }
    #expect(
      error?.description == """
        \(path): expected a network without layer, group or batch normalization, which this program does not have, \
        found \(tensors[0].0.debugDescription): fold a batch normalization into the convolutions first; with any other \
        take another network
        """)
  }

  /// Convolutions of one filter, coefficients, and layers whose names only begin like those of normalization.
  @Test func whatIsNoNormalizationIsTaken() throws {
    let path = folder.file("plain.safetensors")
    try [Float](repeating: 1, count: 4).withUnsafeBufferPointer { values in
      func output(_ name: String, _ shape: [Int]) -> SafetensorsFile.Output {
        .init(name: name, shape: shape, values: UnsafeBufferPointer(rebasing: values[..<shape.reduce(1, *)]))
      }
      try SafetensorsFile.write(
        to: path,
        tensors: [
          output("conv1.weight", [1, 1, 1, 1]), output("conv1.bias", [1]), output("conv1_prelu.weight", [1]),
          output("fc.weight", [1, 1]), output("fc.bias", [1]), output("bnet.weight", [4]), output("lnx.weight", []),
        ], metadata: [:])
    }
    #expect(try WeightSource(path).tensors.count == 7)
  }

  /// A file that cannot be opened may have been anything.
  @Test func anHDF5FileThatIsCutOffIsNotCalledACaffeModel() throws {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/weights/caffe.caffemodel.h5")
    let bytes = try Data(contentsOf: golden)
    let path = try folder.write(Array(bytes.prefix(bytes.count / 2)), to: "checkpoint-3.h5")
    let error = #expect(throws: FileError.self) { try WeightSource(path) }
    #expect(
      error?.description.hasPrefix("\(path): the file of weights is damaged: HDF5 cannot open it (H5Fopen on ") == true,
      "\(error as Any)")
  }

  /// A scale that no network of this program has is not this program's.
  @Test(arguments: ["1e37", "1e-320", "0", "-1", "nan", "0.0156"]) func scales(text: String) {
    let metadata = ExportMetadata(["architecture": "{}", "classes": "[]", "scale": text])
    #expect((metadata != nil) == (text == "0.0156"))
  }

  @Test func picklesAndOtherFilesAreRefused() throws {
    /// An archive whose first file has this name.
    func archive(_ name: String) -> [UInt8] {
      [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
    }
    let zip = try folder.write(archive("net/data.pkl"), to: "net.pth")
    let pickle = #expect(throws: Refusal.self) { try WeightSource(zip) }
    #expect(
      pickle?.description == """
        \(zip): expected a safetensors file, found a Python pickle, as torch.save writes it: reading one can run any \
        program that is in it. Make a safetensors file of it in Python:
          import torch, safetensors.torch
          safetensors.torch.save_file(torch.load("net.pth", weights_only=True), "net.safetensors")
        """)
    let others = [
      (try folder.write(Array("model: A\n".utf8), to: "recipe.yaml"), "a text file: name another file"),
      (try folder.write([], to: "empty"), "an empty file: name another file"),
      (
        try folder.write(archive("net/model.safetensors"), to: "net.zip"),
        "a ZIP archive: convert it to one of these"
      ),
    ]
    for (path, found) in others {
      let other = #expect(throws: Refusal.self) { try WeightSource(path) }
      #expect(
        other?.description == """
          \(path): expected a run folder, a checkpoint, a Caffe model in HDF5 (.caffemodel.h5) or a safetensors file, \
          found \(found)
          """)
    }
  }
}
