import Configuration
import Foundation
import Network
import System
import TestSupport
import Testing
import Weights

/// The files that other programs read: their names, shapes, texts and graphs. That PyTorch and onnxruntime give the
/// same scores was measured: see the guide Weights.
@Suite struct ExportedNetworkTests {
  private let folder: ScratchFolder
  private let architecture: ResolvedArchitecture
  private let parameters: [Float]

  init() throws {
    folder = try ScratchFolder()
    architecture = try Configuration(
      yaml: """
        model:
          input: { channels: 1, height: 7, width: 7 }
          layers:
            - convolution: { name: conv1, filters: 2, kernel: 3, padding: 1 }
            - averagePooling: { name: pool1, size: 2, stride: 1 }
            - convolution: { name: conv2, filters: 3, kernel: 2, stride: 1, activation: prelu-shared }
            - spatialPyramidPooling: { name: spp, levels: [5, 2, 1] }
            - fullyConnected: { name: fc1, outputs: 4, activation: lrelu, dropout: 0.5 }
            - fullyConnected: { name: fc2, outputs: 2 }
        training: { frozen: [conv1] }
        """, source: "own.yaml"
    ).architecture().resolved()
    parameters = (0..<architecture.parameterVectorLength).map { Float($0 % 97) / 97 - 0.5 }
  }

  private func withNetwork<Result>(_ body: (ExportedNetwork) throws -> Result) rethrows -> Result {
    try parameters.withUnsafeBufferPointer {
      try body(
        ExportedNetwork(
          architecture, parameters: $0, mean: (0..<49).map { Float($0) },
          metadata: ExportMetadata(
            architecture: ExportedNetwork.json(architecture), classNames: ["cat", "dog, \"large\""], scale: 1.0 / 64,
            shorterSide: 256, origin: "test")))
    }
  }

  @Test func safetensorsHoldEverything() throws {
    let path = folder.file("net.safetensors")
    try withNetwork { try $0.writeSafetensors(to: path) }
    let file = try SafetensorsFile(path)
    #expect(
      Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) }) == [
        "conv1.weight": [2, 1, 3, 3], "conv1.bias": [2], "conv1_prelu.weight": [2], "conv2.weight": [3, 2, 2, 2],
        "conv2.bias": [3], "conv2_prelu.weight": [1], "fc1.weight": [4, 90], "fc1.bias": [4], "fc2.weight": [2, 4],
        "fc2.bias": [2], "mean": [1, 7, 7],
      ])
    let texts = try #require(ExportMetadata(file.metadata))
    #expect(texts.classNames == ["cat", "dog, \"large\""] && texts.scale == 1.0 / 64 && texts.shorterSide == 256)
    let described = try JSONDecoder().decode(Architecture.self, from: Data(texts.architecture.utf8))
    #expect(described.layers == architecture.architecture.layers && described.rates.isEmpty)

    let source = try WeightSource(path)
    #expect(source.classNames == ["cat", "dog, \"large\""] && source.scale == 1.0 / 64)
    var read = parameters.map { _ in Float.nan }
    let transfer = try WeightTransfer(
      source, to: architecture, Configuration.load().weights, classNames: ["cat", "dog, \"large\""], scale: 1.0 / 64,
      channelMeans: [])
    #expect(transfer.rows.allSatisfy { $0.fate == .taken && $0.why.isEmpty } && transfer.unused.isEmpty)
    try read.withUnsafeMutableBufferPointer { try transfer.apply(to: $0) }
    for parameter in architecture.parameters {
      #expect(read[parameter.range].map(\.bitPattern) == parameters[parameter.range].map(\.bitPattern))
    }
  }

  @Test func otherClassesOfTheSameNumberBeginAnew() throws {
    let path = folder.file("net.safetensors")
    try withNetwork { try $0.writeSafetensors(to: path) }
    let transfer = try WeightTransfer(
      WeightSource(path), to: architecture, Configuration.load().weights, classNames: ["left", "right"],
      scale: 1.0 / 64, channelMeans: [])
    #expect(transfer.rows.last == .init(layer: "fc2", fate: .anew, from: nil, why: "other classes here than there"))
  }

  @Test func theGraphIsTheNetwork() throws {
    let model = withNetwork { $0.model(fromPixels: true) }
    let nodes = model.graph.node
    #expect(model.opsetImport.map(\.version) == [13] && model.graph.output.map(\.name) == ["scores"])
    #expect(nodes.prefix(6).map(\.opType) == ["Sub", "Mul", "Conv", "PRelu", "AveragePool", "Conv"])
    #expect(nodes.suffix(3).map(\.opType) == ["Gemm", "LeakyRelu", "Gemm"] && nodes.last?.output == ["scores"])
    // A map of 5×5: five bins and one divide it, two do not.
    #expect(nodes.count { $0.opType == "Slice" } == 2 + 4 && nodes.count { $0.opType == "MaxPool" } == 2)
    // Each value is made once, before it is used.
    var known = Set(model.graph.input.map(\.name) + model.graph.initializer.map(\.name))
    for node in nodes {
      #expect(node.input.allSatisfy(known.contains), "\(node.name)")
      for output in node.output { #expect(known.insert(output).inserted, "\(output) is made twice") }
    }
    let batch = try #require(model.graph.input.first?.type.tensorType.shape.dim.first)
    #expect(batch.dimParam == "batch")
    #expect(Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })["crop"] == "256")
  }

  /// No protobuf may have 2 GiB; nothing is written, so the memory is never touched.
  @Test func aNetworkTooLargeForONNXIsRefused() throws {
    let large = try Configuration(
      yaml: """
        model:
          input: { channels: 1, height: 100, width: 100 }
          layers:
            - fullyConnected: { name: fc1, outputs: 30000 }
            - fullyConnected: { name: fc2, outputs: 8000 }
        """, source: "large.yaml"
    ).architecture().resolved()
    let parameters = UnsafeMutableBufferPointer<Float>.allocate(capacity: large.parameterVectorLength)
    defer { parameters.deallocate() }
    let network = ExportedNetwork(
      large, parameters: UnsafeBufferPointer(parameters), mean: [Float](repeating: 0, count: 10_000),
      metadata: ExportMetadata(
        architecture: ExportedNetwork.json(large), classNames: [], scale: 1, shorterSide: nil, origin: "test"))
    let path = folder.file("large.onnx")
    let error = #expect(throws: Refusal.self) { try network.writeONNX(to: path, fromPixels: true) }
    #expect(
      error?.description == """
        \(path): expected a network of at most 2.1 GB, which an ONNX file can hold, found 2.2 GB: export it as \
        safetensors
        """)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  /// Only what this program has exported itself is replaced.
  @Test func earlierExportsAreKnown() throws {
    func refusals(_ output: OutputFile) -> String? {
      do throws(FileError) {
        try output.check(inputs: [], overwrites: false)
        return nil
      } catch {
        return error.description.replacing(folder.path, with: "")
      }
    }
    let (weights, model, module) = (folder.file("net.safetensors"), folder.file("net.onnx"), folder.file("net.py"))
    try withNetwork {
      try $0.writePyTorch(to: module)
      try $0.writeONNX(to: model, fromPixels: false)
    }
    #expect(refusals(ExportedNetwork.safetensorsOutput(weights)) == nil)
    #expect(refusals(ExportedNetwork.onnxOutput(model)) == nil)
    #expect(ExportedNetwork.pyTorchOutputs(module).compactMap(refusals).isEmpty)
    let others =
      ExportedNetwork.pyTorchOutputs(model) + [
        ExportedNetwork.onnxOutput(weights), ExportedNetwork.safetensorsOutput(module),
      ]
    #expect(
      others.compactMap(refusals) == [
        "/net.onnx: expected a new name, or an earlier exported PyTorch module, found a file of an unknown kind that "
          + "would be lost. Give another name, or --overwrite to replace it",
        "/net.safetensors: expected a new name, or an earlier exported ONNX model, found a safetensors file that "
          + "would be lost. Give another name, or --overwrite to replace it",
        "/net.py: expected a new name, or an earlier exported network, found a text file that would be lost. Give "
          + "another name, or --overwrite to replace it",
      ])
  }

  /// A module that somebody has changed is theirs, and so are weights that PyTorch has written since.
  @Test func whatOthersHaveChangedIsKept() throws {
    let (weights, module) = (folder.file("net.safetensors"), folder.file("net.py"))
    try withNetwork { try $0.writePyTorch(to: module) }
    let text = try String(contentsOfFile: module, encoding: .utf8)
    #expect(text.split(separator: "\n").last?.hasPrefix("# SHA-256 of the lines above: ") == true)
    for changed in [
      text.replacing("import json", with: "import json, my_layers"), text + "print(1)\n",
      text.replacing("\n", with: "\r\n"),
    ] {
      try folder.write(Array(changed.utf8), to: "net.py")
      let error = #expect(throws: FileError.self) {
        for output in ExportedNetwork.pyTorchOutputs(module) { try output.check(inputs: [], overwrites: false) }
      }
      #expect(error?.description.hasPrefix("\(module): expected a new name, or an earlier exported PyTorch") == true)
    }
    func isRefused() -> Bool {
      let error = #expect(throws: FileError.self) {
        try ExportedNetwork.safetensorsOutput(weights).check(inputs: [], overwrites: false)
      }
      return error?.description.hasPrefix("\(weights): expected a new name, or an earlier exported network") == true
    }
    try withNetwork { network in
      var metadata = network.metadata
      metadata.origin = "PyTorch, from test"
      try ExportedNetwork(
        network.architecture, parameters: network.parameters, mean: network.mean, metadata: metadata
      ).writeSafetensors(to: weights)
    }
    #expect(isRefused())
    try withNetwork { try $0.writeSafetensors(to: weights) }
    let file = try SafetensorsFile(weights)
    try ExportedNetwork.safetensorsOutput(weights).check(inputs: [], overwrites: false)
    try [Float](repeating: 1, count: 1000).withUnsafeBufferPointer { values in
      let outputs = file.tensors.sorted { $0.name < $1.name }.map {
        SafetensorsFile.Output(
          name: $0.name, shape: $0.shape, values: UnsafeBufferPointer(rebasing: values[..<$0.count]))
      }
      try SafetensorsFile.write(to: weights, tensors: outputs, metadata: file.metadata)
    }
    #expect(isRefused())
  }

  @Test func aModuleHidesNoOther() throws {
    for (name, owner) in [
      ("torch", "which PyTorch needs"), ("safetensors", "which PyTorch needs"), ("numpy", "which PyTorch needs"),
      ("json", "which is of Python's own library"), ("types", "which is of Python's own library"),
    ] {
      let error = #expect(throws: Refusal.self) { try ExportedNetwork.checkModuleName("nets/\(name).py") }
      #expect(
        error?.description == """
          nets/\(name).py: expected a name that no other module of Python has, found that of the module \(name), \
          \(owner): Python would import this file in its place. Give another name, such as \(name)_network.py
          """)
    }
    for name in ["torch", "net.py", "my_torch.py", "torch.py.py"] { try ExportedNetwork.checkModuleName(name) }
  }

  /// Writes the tensors as `save_file(model.tensors(), …)` does without the texts.
  private func writeAsPyTorch(_ path: String, scale: Float) throws {
    try withNetwork { network in
      try [scale].withUnsafeBufferPointer { scale in
        try network.mean.withUnsafeBufferPointer { mean in
          try SafetensorsFile.write(
            to: path,
            tensors: network.architecture.parameters.map {
              .init(
                name: "\($0.layer).\($0.role == .bias ? "bias" : "weight")",
                shape: $0.shape.isEmpty ? [1] : $0.shape,
                values: UnsafeBufferPointer(rebasing: network.parameters[$0.range]))
            } + [
              .init(name: "mean", shape: [1, 7, 7], values: mean), .init(name: "scale", shape: [], values: scale),
            ], metadata: ["format": "pt"])
        }
      }
    }
  }

  /// A network that PyTorch has trained further is the same function for inputs of another scale: w·s = w′·s′.
  @Test(arguments: [1.0 / 64, 1.0 / 8, 2]) func theScaleOfTensorsFromPyTorchIsFolded(scale: Double) throws {
    let path = folder.file("tuned.safetensors")
    try writeAsPyTorch(path, scale: 1.0 / 64)
    let source = try WeightSource(path)
    #expect(source.scale == 1.0 / 64 && source.mean?.shape == [1, 7, 7] && source.others.isEmpty)
    let transfer = try WeightTransfer(
      source, to: architecture, Configuration.load().weights, classNames: [], scale: scale, channelMeans: [])
    #expect(transfer.unused.isEmpty)
    var read = parameters.map { _ in Float.nan }
    try read.withUnsafeMutableBufferPointer { try transfer.apply(to: $0) }
    for parameter in architecture.parameters {
      let isFirst = parameter.layerIndex == 0 && parameter.role == .weight
      for (found, weight) in zip(read[parameter.range], parameters[parameter.range]) {
        // Powers of two are exact.
        #expect(found == (isFirst ? weight * Float(1 / 64 / scale) : weight))
      }
    }
  }

  // MARK: - Doubts about what a file of this program says itself

  private func doubts(
    mean: [Float], channelMeans: [Double] = [], _ change: (inout Configuration.Weights) -> Void = { _ in }
  ) throws -> [String] {
    let path = folder.file("net.safetensors")
    try withNetwork { try $0.writeSafetensors(to: path) }
    var weights = try Configuration.load().weights
    change(&weights)
    return try WeightTransfer(
      WeightSource(path), to: architecture, weights, classNames: [], scale: 1.0 / 64, channelMeans: channelMeans
    ).doubts(mean: mean).map { $0.replacing(folder.path, with: "") }
  }

  @Test func anotherMeanIsDoubted() throws {
    let own = (0..<49).map { Float($0) }
    #expect(try doubts(mean: own).isEmpty)
    #expect(try doubts(mean: own.map { $0 + 9 }).isEmpty)
    #expect(
      try doubts(mean: own.map { $0 + 30 }) == [
        """
        /net.safetensors: expected inputs less the mean that the weights were trained with, 24.0 in pixels of 0 to \
        255 on average, found one here of 54.0, which differs by 30.0 a pixel: the first layer is another function at \
        first. Let the training adapt the network
        """
      ])
    // The same brightness in other places.
    #expect(try doubts(mean: own.reversed()).first?.contains("which differs by 24.5 a pixel") == true)
    // A constant of the same brightness is another mean.
    let flat = [Float](repeating: 24, count: 49)
    #expect(try doubts(mean: flat, channelMeans: [24]).first?.contains("which differs by 12.2 a pixel") == true)
  }

  @Test func anotherDeviationThanTheFilesIsDoubted() throws {
    let own = (0..<49).map { Float($0) }
    #expect(
      try doubts(mean: own) { $0.deviation = [58] }.first == """
        weights.deviation: expected 64, by which /net.safetensors says that its inputs were divided, found 58: the \
        first layer is another function then. Leave weights.deviation out
        """)
    #expect(try doubts(mean: own) { $0.deviation = [64] }.allSatisfy { $0.contains("a mean of each channel") })
  }

  @Test func theModuleReadsTheFileBesideIt() throws {
    try withNetwork { try $0.writePyTorch(to: folder.file("net.py")) }
    #expect(FileManager.default.fileExists(atPath: folder.file("net.safetensors")))
    let text = try String(contentsOfFile: folder.file("net.py"), encoding: .utf8)
    #expect(text.contains("load(\"net.safetensors\")") && text.hasPrefix("'''A network"))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 100 && lines.allSatisfy { $0.count <= 120 })
    for kind in LayerDescription.kinds { #expect(text.contains("\"\(kind.key)\""), "\(kind.key)") }
    let python = try ChildProcess.capture("/usr/bin/python3", ["-m", "py_compile", folder.file("net.py")])
    #expect(python.exitCode == 0, "\(python.errors)")
  }
}
