import Configuration
import Network
import System
import Testing

/// Returns the complaint of reading `yaml`.
func complaint(_ yaml: String) -> ConfigurationError? {
  #expect(throws: ConfigurationError.self, "\(yaml)") { try Configuration(yaml: yaml, source: "my.yaml") }
}

/// A network of a layer of each kind.
let ownLayers = """
  model:
    activation: relu
    input: { channels: 3, height: 32, width: 32 }
    layers:
      - convolution: { name: conv1, filters: 8, kernel: 5, padding: 2 }
      - maxPooling: { name: pool1, size: 3 }
      - averagePooling: { name: pool2, size: 2 }
      - convolution: { name: conv2, filters: 8, kernel: 3, stride: 2, activation: lrelu }
      - spatialPyramidPooling: { name: spp, levels: [2, 1] }
      - fullyConnected: { name: fc1, outputs: 32, dropout: 0.1 }
      - fullyConnected: { name: fc2, outputs: 7 }
  """

/// Every setting, each different from its default, so that one that is not written or not read shows.
func unusualConfiguration() throws -> Configuration {
  var configuration = try Configuration.recipe(named: "fashion")
  try configuration.model.choose(architecture: "fashion-22")
  configuration.model.activation = .preluShared
  configuration.model.width = 5
  configuration.model.extraLayers = 3
  configuration.model.classes = 11
  configuration.model.input = Extents(channels: 3, height: 33, width: 41)
  configuration.model.initializer = Initializer(
    rule: .fixed(0.00001), accountsForSlope: false, fullyConnected: .fixed(hidden: 0.3, last: 1.0 / 3),
    inputRangeFactor: true)
  configuration.model.initialSlope = -0.125
  configuration.data.directory = "a \"quoted\"\\ directory: with & all * of # it\u{7}\u{85}é📁"
  configuration.data.validation = 77
  configuration.data.scale = 1e-05
  configuration.augmentation.padding = 9
  configuration.augmentation.mirror = false
  configuration.training.batch = 31
  configuration.training.leaves = 16
  configuration.training.epochs = 99
  configuration.training.seed = .max
  configuration.training.dropout = 0.1
  configuration.solver.learningRate = 0.1 + 0.2
  configuration.solver.momentum = 0.75
  configuration.solver.weightDecay = 0
  configuration.schedule = .plateau(.init(patience: 8, threshold: 0.25, factor: 3.5, drops: 6))
  configuration.warmUp = .init(epochs: 1.25, start: 0.125)
  configuration.solver.clipValue = 0.5
  configuration.solver.clipNorm = 2.25
  configuration.regularization.labelSmoothing = 0.1
  configuration.regularization.mixup = 0.2
  configuration.regularization.cutMix = 0.75
  configuration.regularization.mixProbability = 0.5
  configuration.regularization.averageDecay = 0.999
  configuration.checkpoint.everyIterations = 12
  configuration.checkpoint.everyMinutes = 0.5
  configuration.checkpoint.keep = 44
  return configuration
}
