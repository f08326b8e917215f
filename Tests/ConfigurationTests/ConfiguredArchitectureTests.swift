import Configuration
import Network
import System
import Testing

// The architecture that settings describe.

@Test func architectureTakesTheSettings() throws {
  var configuration = try Configuration.recipe(named: "fashion")
  configuration.model.activation = .lrelu
  configuration.model.classes = 4
  configuration.model.input = Extents(channels: 3, height: 64, width: 48)
  configuration.training.dropout = 0.25
  let network = try configuration.validated()
  #expect(network.classes == 4)
  #expect(network.input == Extents(channels: 3, height: 64, width: 48))
  #expect(network.layers.dropLast().filter(\.hasWeights).allSatisfy { $0.description.activation == .lrelu })
  let dropouts = network.layers[network.headLayers].map { layer in
    (layer.description.settings as? LayerDescription.FullyConnected)?.dropout ?? .nan
  }
  #expect(dropouts == [0.25, 0])
}

@Test func ownLayersHaveDefaults() throws {
  var configuration = try Configuration(yaml: ownLayers, source: "own.yaml")
  #expect(configuration.model.architecture == nil && configuration.model.classes == 7)
  let expected: [LayerDescription] = [
    .convolution(.init(name: "conv1", filters: 8, kernel: 5, padding: 2, activation: .relu)),
    .maxPooling(.init(name: "pool1", size: 3, stride: 3)),
    .averagePooling(.init(name: "pool2", size: 2, stride: 2)),
    .convolution(.init(name: "conv2", filters: 8, kernel: 3, stride: 2, activation: .lrelu)),
    .spatialPyramidPooling(.init(name: "spp", levels: [2, 1])),
    .fullyConnected(.init(name: "fc1", outputs: 32, activation: .relu, dropout: 0.1)),
    .fullyConnected(.init(name: "fc2", outputs: 7, activation: .none)),
  ]
  #expect(try configuration.architecture().layers == expected)

  configuration.model.activation = .prelu
  configuration.model.classes = 5
  configuration.training.dropout = 0
  let network = try configuration.validated()
  #expect(network.layers.map(\.description.activation) == [.prelu, .none, .none, .lrelu, .none, .prelu, .none])
  #expect(network.classes == 5)
  #expect(network.layers[5].description == .fullyConnected(.init(name: "fc1", outputs: 32, activation: .prelu)))

  try configuration.model.choose(architecture: "fashion-6")
  #expect(configuration.model.layers.isEmpty && configuration.model.width == 32)
}
