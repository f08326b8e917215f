import Foundation
import Network
import System
import Testing

private func resolved(
  _ name: String, activation: Activation = .prelu, input: Extents? = nil, extraLayers: Int = 0
) throws -> ResolvedArchitecture {
  try ArchitectureCatalog.architecture(
    named: name, activation: activation, input: input, extraLayers: extraLayers
  ).resolved()
}

/// A small network to be spoiled by the tests of messages.
private func architecture(_ layers: LayerDescription..., input: Extents? = nil) -> Architecture {
  Architecture(name: "own", input: input ?? Extents(channels: 1, height: 8, width: 8), layers: layers)
}

private func conv(_ name: String, _ filters: Int = 4, kernel: Int = 3, padding: Int = 0) -> LayerDescription {
  .convolution(.init(name: name, filters: filters, kernel: kernel, padding: padding, activation: .prelu))
}

private func pool(_ name: String, _ size: Int = 2, stride: Int = 2) -> LayerDescription {
  .maxPooling(.init(name: name, size: size, stride: stride))
}

private func spp(_ name: String, _ levels: Int...) -> LayerDescription {
  .spatialPyramidPooling(.init(name: name, levels: levels))
}

private func fc(_ name: String, _ outputs: Int, _ activation: Activation = .none, dropout: Float = 0)
  -> LayerDescription
{
  .fullyConnected(.init(name: name, outputs: outputs, activation: activation, dropout: dropout))
}

// MARK: - The paper's figures

@Test(arguments: [
  ("vgg-19", 1.963e10), ("A", 1.906e10), ("B", 2.322e10), ("C", 5.346e10),
])
func multiplyAddsAreThePapers(name: String, expected: Double) throws {
  let count = Double(try resolved(name).multiplyAdds)
  #expect(abs(count - expected) < 0.0005e10, "\(name): \(count)")
}

@Test(arguments: [
  ("small-14", 14), ("small-30", 30), ("vgg-19", 19), ("vgg-19-spp", 19), ("A", 19), ("B", 22), ("C", 22),
  ("fashion-14", 14), ("fashion-22", 22), ("fashion-30", 30),
])
func depthsAreThePapers(name: String, depth: Int) throws {
  #expect(try resolved(name).weightLayerCount == depth)
}

@Test func mapsOfTheSmallModel() throws {
  let network = try resolved("small-14")
  #expect(network.layers[0].output == Extents(channels: 64, height: 109, width: 109))
  let heights = network.layers[network.towerLayers].map(\.output.height)
  #expect(heights == [109, 36, 35, 36, 35, 36, 18, 17, 18, 17, 18, 17, 18, 1])
  #expect(network.featureCount == 256 * 50)
  #expect(network.classes == 1000)
}

@Test func mapsOfModelA() throws {
  let network = try resolved("A")
  let heights = network.layers[network.towerLayers].map(\.output.height)
  let expected = [112, 56] + [56, 56, 56, 56, 56, 28] + [28, 28, 28, 28, 28, 14] + [14, 14, 14, 14, 14, 1]
  #expect(heights == expected)
  #expect(network.featureCount == 512 * 63)
}

@Test func vggWithoutPyramidIsFlattened() throws {
  let network = try resolved("vgg-19")
  #expect(network.layers[network.towerLayers].last?.name == "flatten")
  #expect(network.layers[network.towerLayers].last?.input == Extents(channels: 512, height: 7, width: 7))
  #expect(network.featureCount == 25088)
  // What resolving adds is there once, however often it is resolved.
  #expect(try network.architecture.resolved() == network)
  // VGG-19's published count (143,667,240) with ReLU.
  #expect(try resolved("vgg-19", activation: .relu).parameterCount == 143_667_240)
}

@Test func thirteenSharedCoefficients() throws {
  #expect(try resolved("small-14", activation: .preluShared).slopeCount == 13)
  let channels = 64 + 4 * 128 + 6 * 256 + 2 * 4096
  #expect(try resolved("small-14", activation: .prelu).slopeCount == channels)
  #expect(try resolved("small-14", activation: .relu).slopeCount == 0)
}

@Test func extraLayers() throws {
  #expect(try resolved("small-14", extraLayers: 16).multiplyAdds == resolved("small-30").multiplyAdds)
  for extra in 3...9 {
    let network = try resolved("B", extraLayers: extra)
    #expect(network.weightLayerCount == 22 + extra)
    #expect(network.name == "B+\(extra)")
    #expect(network.layers[network.towerLayers].last?.input.height == 14)
  }
  let heights = try resolved("B", extraLayers: 5).layers.filter(\.hasWeights).map(\.input.height)
  #expect([56, 28, 14].map { height in heights.count { $0 == height } } == [7, 8, 8])
}

@Test func smallNetworksTakeImagesOf28To64() throws {
  for name in ["fashion-6", "fashion-14", "fashion-22", "fashion-30"] {
    for extent in [28, 32, 48, 64] {
      for channels in [1, 3] {
        let input = Extents(channels: channels, height: extent, width: extent)
        let network = try resolved(name, input: input)
        #expect(network.layers[0].input == input)
        #expect(network.classes == 10)
      }
    }
  }
  let convolutions = try resolved("fashion-30").layers.compactMap { layer in
    (layer.description.settings as? LayerDescription.Convolution)?.filters
  }
  #expect(convolutions == [16] + Array(repeating: 32, count: 4) + Array(repeating: 64, count: 22))
}

@Test func widthScalesAllConvolutions() throws {
  let network = try ArchitectureCatalog.architecture(named: "fashion-6", classes: 7, width: 24).resolved()
  #expect(network.layers.filter(\.hasWeights).map(\.output.channels) == [24, 24, 48, 48, 96, 96, 256, 7])
  #expect(network.featureCount == 96 * 21)
}

// MARK: - Parameters

@Test func parametersInOrderAndAligned() throws {
  let network = try architecture(
    conv("conv1", 5), pool("pool1"), spp("spp", 2, 1), fc("fc1", 7, .preluShared, dropout: 0.5), fc("fc2", 3)
  ).resolved()
  let expected: [(String, Int, [Int], ParameterDescription.Role, ParameterDescription.Part, Int)] = [
    ("conv1", 0, [5, 1, 3, 3], .weight, .tower, 0),
    ("conv1", 1, [5], .bias, .tower, 48),
    ("conv1_prelu", 0, [5], .slope, .tower, 64),
    ("fc1", 0, [7, 25], .weight, .head, 80),
    ("fc1", 1, [7], .bias, .head, 256),
    ("fc1_prelu", 0, [], .slope, .head, 272),
    ("fc2", 0, [3, 7], .weight, .head, 288),
    ("fc2", 1, [3], .bias, .head, 320),
  ]
  #expect(network.parameters.count == expected.count)
  for (found, (layer, blob, shape, role, part, offset)) in zip(network.parameters, expected) {
    #expect(found.layer == layer && found.blob == blob && found.shape == shape, "\(found)")
    #expect(found.role == role && found.part == part && found.offset == offset, "\(found)")
  }
  #expect(network.towerRange == 0..<80)
  #expect(network.headRange == 80..<336)
  #expect(network.parameterVectorLength == 336)
  #expect(network.parameterCount == 45 + 5 + 5 + 175 + 7 + 1 + 21 + 3)
  #expect(network.parameterCount == network.parameters.reduce(0) { $0 + $1.count })
  #expect(network.multiplyAdds == 45 * 36 + 175 + 21)
  #expect(network.activationBytes == 4 * (5 * 36 + 5 * 9 + 25 + 7 + 3))
}

@Test func everyCatalogEntryHasWholeParameters() throws {
  for name in ArchitectureCatalog.names {
    for activation in Activation.allCases {
      let network = try resolved(name, activation: activation)
      var end = 0
      for parameter in network.parameters {
        #expect(parameter.offset >= end && parameter.offset - end < 16 && parameter.offset % 16 == 0)
        #expect(network.layers[parameter.layerIndex].hasWeights)
        let part = parameter.part == .tower ? network.towerRange : network.headRange
        #expect(part.contains(parameter.offset) && parameter.range.upperBound <= part.upperBound)
        end = parameter.range.upperBound
      }
      #expect(network.parameterCount == network.parameters.reduce(0) { $0 + $1.count }, "\(name)")
    }
  }
}

@Test func oddExtentsRoundDown() throws {
  let network = try architecture(
    .convolution(.init(name: "c", filters: 2, kernel: 3, stride: 2, padding: 1, activation: .relu)),
    pool("p", 3, stride: 2), fc("fc", 2), input: Extents(channels: 3, height: 14, width: 19)
  ).resolved()
  #expect(network.layers[0].output == Extents(channels: 2, height: 7, width: 10))
  #expect(network.layers[1].output == Extents(channels: 2, height: 3, width: 4))
  #expect(network.featureCount == 24)
}

// MARK: - Messages

@Test(arguments: [
  (architecture(conv("a"), conv("a"), fc("f", 2)), "layer a: the name a is taken by another layer"),
  (architecture(conv("a"), pool("a_prelu"), fc("f", 2)), "layer a_prelu: the name a_prelu is taken by another layer"),
  (architecture(conv("a"), pool("flatten"), fc("f", 2)), "layer flatten: the name flatten is taken by another layer"),
  (architecture(conv("a/b"), fc("f", 2)), "a layer's name is 1 to 100 letters"),
  (
    architecture(conv(".a"), fc("f", 2)),
    "letters, digits, '_', '-' or '.', and does not begin with '.', since it names a group in files: found \".a\""
  ),
  (architecture(conv(""), fc("f", 2)), "found \"\""),
  (architecture(conv("é"), fc("f", 2)), "found \"é\""),
  (
    architecture(pool("p1", 8, stride: 8), pool("pool5"), fc("f", 2)),
    "layer pool5: its 2×2 window does not fit a 1×1 map"
  ),
  (architecture(conv("c", kernel: 13, padding: 2), fc("f", 2)), "does not fit a 8×8 map with padding 2"),
  (architecture(fc("f", 2), conv("c"), fc("g", 2)), "layer c: it comes after the fully connected layer f"),
  (
    architecture(spp("s", 2), pool("p"), fc("g", 2)),
    "layer p: it comes after s, which makes plain features: only fully connected layers may follow"
  ),
  (
    architecture(spp("s", 2), spp("t", 1), fc("g", 2)),
    "layer t: it comes after s, which makes plain features: only fully connected layers may follow"
  ),
  (architecture(spp("s", 2, 0), fc("g", 2)), "layer s: expected a level from 1"),
  (architecture(conv("c")), "layer c: the last layer must be fully connected"),
  (architecture(), "the last layer must be fully connected"),
  (architecture(fc("f", 2, .relu)), "layer f: the last layer gives the classes' scores and takes no activation"),
  (architecture(fc("f", 2, dropout: 0.5)), "found none and 0.5"),
  (
    architecture(fc("f", 2, dropout: 1), fc("g", 2)),
    "layer f: the dropout is a share from 0 to below 1 in 32 bits, found 1.0"
  ),
  (architecture(fc("f", 2, dropout: .nan), fc("g", 2)), "found nan"),
  (architecture(fc("f", 0)), "layer f: expected outputs from 1"),
  (architecture(conv("c", 0), fc("f", 2)), "layer c: expected filters from 1"),
  (architecture(conv("c", .max), fc("f", 2)), "layer c: expected filters from 1 to 1048576, found 9223372036854775807"),
  (architecture(conv("c", padding: 3), fc("f", 2)), "layer c: the padding 3 is not below the kernel's size 3"),
  (architecture(conv("c", padding: -1), fc("f", 2)), "layer c: expected the padding from 0"),
  (architecture(pool("p", 2, stride: 0), fc("f", 2)), "layer p: expected the stride from 1"),
  (
    architecture(conv("c", 1, kernel: 1 << 16, padding: 1 << 15), fc("f", 2)),
    "layer c: 1·65536·65536 weights of one filter are more than 2³¹ − 1, the most it can be"
  ),
  // 2⁵⁴ multiply-adds each.
  (
    Architecture(
      name: "own", input: Extents(channels: 1, height: 11584, width: 11584),
      layers: (0..<600).map { conv("c\($0)", 1, kernel: 11583, padding: 5791) } + [spp("s", 1), fc("f", 2)]),
    "layer c512: too many multiply-adds to count"
  ),
  // The map has few values, and sixteen times as many in blocks of channels.
  (
    architecture(fc("f", 2), input: Extents(channels: 1, height: 20_000, width: 20_000)),
    "1·16·20000·20000 values of the input in blocks of channels are more than 2³¹ − 1"
  ),
  (architecture(spp("s", 1 << 20), fc("f", 2)), "layer s: 1048576·1048576 bins are more than 2³¹ − 1"),
  (architecture(fc("f", 1 << 20), fc("g", 1 << 20), fc("h", 2)), "layer g: 1048576·1048576 weights are more"),
  (
    architecture(conv("c"), fc("f", 2), input: Extents(channels: 1, height: 0, width: 8)),
    "the input has one channel or more, and a height and a width from 1 to 1048576, found 1×0×8"
  ),
  (
    architecture(conv("c"), fc("f", 2), input: Extents(channels: .max, height: .max, width: 8)),
    "the input has one channel or more, and a height and a width from 1 to 1048576, found 9223372036854775807"
  ),
])
func whatCannotBeBuiltIsNamed(architecture: Architecture, message: String) {
  let error = #expect(throws: ArchitectureError.self) { try architecture.resolved() }
  #expect(error?.description.contains(message) == true, "\(error?.description ?? "nothing")")
}

@Test func unknownNamesAreListed() {
  func message(_ name: String, extraLayers: Int = 0, width: Int? = nil) -> String {
    let error = #expect(throws: ArchitectureError.self) {
      try ArchitectureCatalog.architecture(named: name, extraLayers: extraLayers, width: width)
    }
    return error?.description ?? ""
  }
  #expect(message("fashon-6").contains("there is no architecture \"fashon-6\". Did you mean fashion-6?"))
  #expect(message("a").contains("Did you mean A?"))
  #expect(message("resnet").contains("There are fashion-6, fashion-8, fashion-14, fashion-22, fashion-30, small-14"))
  #expect(!message("Z").contains("Did you mean"))
  #expect(message("vgg-19", extraLayers: 2) == "vgg-19 takes no extra layers, found 2")
  #expect(message("B", extraLayers: -1) == "B takes 0 to 1000 extra layers, found -1")
  #expect(message("A", width: 3) == "the widths of A are fixed, found width 3: leave it out")
  #expect(message("fashion-6", width: 0) == "expected 1 to 4096 for fashion-6, found 0")
}

// MARK: - Coding

@Test func architecturesSurviveCoding() throws {
  for name in ArchitectureCatalog.names {
    let architecture = try ArchitectureCatalog.architecture(named: name)
    let data = try JSONEncoder().encode(architecture)
    #expect(try JSONDecoder().decode(Architecture.self, from: data) == architecture)
  }
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  let text = String(decoding: try encoder.encode(pool("p", 3, stride: 2)), as: UTF8.self)
  #expect(text == #"{"maxPooling":{"name":"p","size":3,"stride":2}}"#)
  #expect(throws: DecodingError.self) {
    try JSONDecoder().decode(LayerDescription.self, from: Data(#"{"maxpooling":{}}"#.utf8))
  }
}
