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
