import Configuration
import Foundation
import Network
import System
import TestSupport
import Testing

/// Returns the complaint of reading `yaml`.
private func complaint(_ yaml: String) -> ConfigurationError? {
  #expect(throws: ConfigurationError.self, "\(yaml)") { try Configuration(yaml: yaml, source: "my.yaml") }
}

private let ownLayers = """
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

// MARK: - Round trips

@Test(arguments: Recipes.names)
func recipesSurviveTexts(name: String) throws {
  let recipe = try Configuration.recipe(named: name)
  #expect(recipe.recipe == name)
  #expect(try Configuration(yaml: recipe.yaml(), source: "printed") == recipe)
  #expect(try Configuration(json: recipe.json()) == recipe)
  #expect(try Configuration.load(recipe: name) == recipe)
}

/// Every setting, each different from its default, so that one that is not written or not read shows.
private func unusual() throws -> Configuration {
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

@Test func everySettingSurvivesTexts() throws {
  let configuration = try unusual()
  try configuration.validate()
  #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
  #expect(try Configuration(json: configuration.json()) == configuration)
  let coded = try JSONEncoder().encode(configuration)
  #expect(try JSONDecoder().decode(Configuration.self, from: coded) == configuration)
}

@Test func ownLayersSurviveTexts() throws {
  let configuration = try Configuration(yaml: ownLayers, source: "own.yaml")
  let kinds = Set(configuration.model.layers.map { type(of: $0.settings).key })
  #expect(kinds == Set(LayerDescription.kinds.map { $0.key }))
  #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
  #expect(try Configuration(json: configuration.json()) == configuration)
}

@Test(arguments: [
  "", " ", "true", "null", "~", "12", "1e3", "- a", "a: b", "#a", "'", "!x", "no", "/data/cats & dogs", "*", "&x",
  "tab\tline\nend", "\u{0}", "\u{2028}", "日本語", " lead", "-", "?", "[", "{}", "%", "@", "`",
])
func textsSurviveQuoting(directory: String) throws {
  var configuration = try Configuration.recipe(named: "fashion")
  configuration.data.directory = "x" + directory
  if !directory.contains("\0") {
    #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
    #expect(try Configuration(json: configuration.json()) == configuration)
  }
  configuration.data.directory = directory
  if !directory.isEmpty, !directory.contains("\0") {
    #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
    #expect(try Configuration(json: configuration.json()) == configuration)
  }
}

@Test func jsonIsCanonical() throws {
  let json = try Configuration.recipe(named: "fashion").json()
  let augmentation = #"{"color":0,"erasing":0,"mirror":true,"padding":2,"shorterSide":[]}"#
  #expect(json.hasPrefix(#"{"augmentation":\#(augmentation),"checkpoint":{"everyIterations":0,"#), "\(json)")
  #expect(json.contains(#""directory":"/usr/share/datasets/fashion-mnist""#))
  #expect(json.contains(#""scale":0.015625"#))
  let jumbled = try JSONSerialization.data(withJSONObject: JSONSerialization.jsonObject(with: Data(json.utf8)))
  #expect(try Configuration(json: String(decoding: jumbled, as: UTF8.self)).json() == json)
}

@Test func yamlIsForPeople() throws {
  let lines = try Configuration.recipe(named: "fashion").yaml().split(separator: "\n")
  for line in [
    "recipe: fashion", "model:", "  architecture: fashion-6", "  width: 32",
    "  input: { channels: 1, height: 28, width: 28 }", "  fullyConnectedDeviation: [0.01, 0.001]",
    "  directory: /usr/share/datasets/fashion-mnist", "  dropout: null",
  ] {
    #expect(lines.contains(Substring(line)), "\(line)")
  }
  let own = try Configuration(yaml: ownLayers, source: "own.yaml").yaml()
  #expect(own.contains("\n    - maxPooling: { name: pool1, size: 3, stride: 3 }\n"))
  #expect(own.contains("\n    - averagePooling: { name: pool2, size: 2, stride: 2 }\n"))
}

// MARK: - Merging

@Test func filesGoOnFromTheirRecipe() throws {
  let base = try Configuration.recipe(named: "fashion")
  #expect(try Configuration(yaml: "", source: "empty") == base)
  #expect(try Configuration(yaml: "# nothing\n", source: "empty") == base)

  var expected = base
  expected.solver.momentum = 0.5
  #expect(try Configuration(yaml: "solver: { momentum: 0.5 }", source: "a") == expected)

  let figure = try Configuration(yaml: "recipe: fashion-30\ntraining:\n  epochs: 2", source: "a")
  #expect(figure.model.architecture == "fashion-30" && figure.model.activation == .relu)
  #expect(figure.training.epochs == 2 && figure.training.dropout == 0)
  #expect(try Configuration(yaml: "recipe: fashion-30\ntraining: {dropout: null}", source: "a").training.dropout == nil)
}

@Test func anotherScheduleStartsFromItsDefaults() throws {
  let plateau = try Configuration(yaml: "schedule: { kind: plateau, patience: 9 }", source: "a")
  #expect(plateau.schedule == .plateau(.init(patience: 9)))
  #expect(complaint("schedule: { kind: plateau, epochs: [3] }")?.kind == .unknownKey)
  let steps = try Configuration(yaml: "schedule: { kind: steps, epochs: [3, 5], factor: 2 }", source: "a")
  #expect(steps.schedule == .steps(.init(epochs: [3, 5], factor: 2)))
}

@Test func anotherArchitectureBringsItsOwnExtents() throws {
  let yaml = "model: { architecture: A, classes: 20 }"
  let configuration = try Configuration(yaml: yaml, source: "a")
  #expect(configuration.model.width == nil)
  #expect(configuration.model.input == Extents(channels: 3, height: 224, width: 224))
  #expect(try configuration.validated().classes == 20)
  var chosen = try Configuration.recipe(named: "fashion")
  try chosen.model.choose(architecture: "A")
  chosen.model.classes = 20
  #expect(chosen == configuration)
}

@Test func filesAreLoaded() throws {
  let folder = try ScratchFolder()
  func message(_ path: String) -> String {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load(recipe: path) }
    return error?.description ?? ""
  }
  let good = try folder.write(Array("training: { batch: 64 }".utf8), to: "good.yaml")
  #expect(try Configuration.load(recipe: good).training.batch == 64)
  let bad = try folder.write(Array("training:\n  batch: 64\n  epoch: 2\n".utf8), to: "bad.yaml")
  #expect(message(bad).hasPrefix("\(bad):3: training.epoch: there is no such key. Did you mean epochs?"))
  let large = try folder.write([UInt8](repeating: UInt8(ascii: "#"), count: 1 << 20 | 1), to: "large.yaml")
  #expect(message(large) == "\(large): expected settings of at most 1.0 MB, found more: this is some other file")
  let binary = try folder.write([0x89, 0x48, 0xff], to: "binary")
  #expect(message(binary) == "\(binary): expected UTF-8 text, found other bytes")
  #expect(message(folder.path) == "\(folder.path): expected a YAML file, found a folder")
  let pipe = folder.path + "/pipe"
  #expect(mkfifo(pipe, 0o600) == 0)
  #expect(message(pipe) == "\(pipe): expected a YAML file, found a pipe or a device")
  #expect(message("fashon").contains("neither a recipe nor a file \"fashon\". Did you mean fashion?"))
  #expect(message("fashon").contains("The recipes are fashion, fashion-deep"))
  #expect(message(folder.path + "/none.yaml").contains("/none.yaml\". The recipes are"))
}

// MARK: - The architecture

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

// MARK: - Messages

@Test(arguments: [
  (
    "training:\n  bacth: 4", 2,
    "training.bacth: there is no such key. Did you mean batch? The keys here are batch, leaves, epochs"
  ),
  ("modle: {}", 1, "modle: there is no such key. Did you mean model?"),
  ("<<: {}", 1, "<<: there is no such key. The keys here are recipe, model"),
  ("training: { batch: many }", 1, "training.batch: expected a whole number, found many"),
  ("training: { batch: \"4\" }", 1, "training.batch: expected a whole number, found \"4\""),
  ("training: { batch: 1.5 }", 1, "training.batch: expected a whole number, found 1.5"),
  ("training: { batch: 99999999999999999999 }", 1, "training.batch: expected a whole number, found 9999999999999999"),
  ("training: { batch: [4] }", 1, "training.batch: expected a whole number, found a list"),
  ("training: { batch: }", 1, "training.batch: expected a whole number, found nothing"),
  ("training: { seed: -1 }", 1, "training.seed: expected a whole number from 0 to"),
  ("training:\n\n  dropout: half", 3, "training.dropout: expected a number or null, found half"),
  ("training: 4", 1, "training: expected a group of keys, found 4"),
  ("training:\n  - batch", 1, "training: expected a group of keys, found a list"),
  ("- training", 1, "expected a group of keys, found a list"),
  ("fashion", 1, "expected a group of keys, found fashion"),
  ("augmentation: { mirror: yes }", 1, "augmentation.mirror: expected true or false, found yes"),
  ("solver: { momentum: nan }", 1, "solver.momentum: expected a number, found nan"),
  ("solver: { momentum: .inf }", 1, "solver.momentum: expected a number, found .inf"),
  ("solver: { learningRate: 1e999 }", 1, "solver.learningRate: expected a number, found 1e999"),
  ("data: { directory: [] }", 1, "data.directory: expected a text, found a list"),
  ("data: { kind: png }", 1, "data.kind: expected one of idx, pack, found png."),
  (
    "schedule: { kind: plateu }", 1,
    "schedule.kind: expected one of plateau, steps, found plateu. Did you mean plateau?"
  ),
  ("schedule: { epochs: 3 }", 1, "schedule.epochs: expected a list, each a whole number, found 3"),
  ("schedule: { epochs: [3, x] }", 1, "schedule.epochs: expected a list, each a whole number, found x"),
  ("recipe: fashon", 1, "found fashon. Did you mean fashion?"),
  ("model: { activation: prelu_shared }", 1, "found prelu_shared. Did you mean prelu-shared?"),
  ("model: { initializer: he-backwards }", 1, "found he-backwards. Did you mean he-backward?"),
  ("model: { architecture: fashion6 }", 1, "model.architecture: there is no architecture \"fashion6\". Did you mean"),
  ("model: { fullyConnectedDeviation: 3 }", 1, "expected rule or a list of two numbers, found 3"),
  ("model: { fullyConnectedDeviation: [3] }", 1, "expected two numbers, of the hidden layers and of the last one"),
  ("model: { input: { chanels: 3 } }", 1, "model.input.chanels: there is no such key. Did you mean channels?"),
  ("model:\n  layers: []", 1, "model: expected the key input, found none: add it"),
  ("model:\n  architecture: A\n  layers: []", 3, "model.layers: give the name of an architecture or layers"),
  ("model:\n  input: {}\n  layers: []", 1, "model: the last layer must be fully connected"),
])
func wrongSettingsAreNamed(yaml: String, line: Int, message: String) {
  let error = complaint(yaml)
  #expect(error?.line == line && error?.source == "my.yaml", "\(yaml): \(error?.description ?? "nothing")")
  #expect(error?.description.contains(message) == true, "\(yaml): \(error?.description ?? "nothing")")
}

@Test(arguments: [
  ("      - maxPoling: { name: p }", "model.layers.1.maxPoling: there is no such kind of layer. Did you mean"),
  ("      - maxPooling", "model.layers.1: expected one kind of layer with its settings in { }, found maxPooling"),
  ("      - maxPooling: {}\n        fullyConnected: {}", "expected one kind of layer with its settings in { }"),
  ("      - maxPooling: { name: p }", "model.layers.1.maxPooling: expected the key size, found none: add it"),
  (
    "      - maxPooling: { name: p, sise: 2 }",
    "model.layers.1.maxPooling.sise: there is no such key. Did you mean size"
  ),
  ("      - maxPooling: { name: p, size: x }", "model.layers.1.maxPooling.size: expected a whole number, found x"),
  (
    "      - averagePooling: { name: p, stride: 2 }",
    "model.layers.1.averagePooling: expected the key size, found none: add it"
  ),
  (
    "      - averagePooling: { name: p, size: 3, stride: 0 }\n      - fullyConnected: { name: fc, outputs: 2 }",
    "model.layers.1: layer p: expected the stride from 1"
  ),
  (
    "      - averagePooling: { name: p, size: 9 }\n      - fullyConnected: { name: fc, outputs: 2 }",
    "model.layers.1: layer p: its 9×9 window does not fit a 8×8 map"
  ),
  ("      - fullyConnected: { name: a/b, outputs: 2 }", "model.layers.1: a layer's name is 1 to 100 letters"),
  (
    "      - maxPooling: { name: p, size: 9 }\n      - fullyConnected: { name: fc, outputs: 2 }",
    "model.layers.1: layer p: its 9×9 window does not fit a 8×8 map"
  ),
])
func wrongLayersAreNamed(layers: String, message: String) {
  let error = complaint("model:\n  input: { channels: 1, height: 8, width: 8 }\n  layers:\n" + layers)
  #expect(error?.description.contains(message) == true, "\(layers): \(error?.description ?? "nothing")")
}

@Test(arguments: [
  ("training:\n  batch: 0", 2, "training.batch: expected 1 to 65536, found 0"),
  ("training: { batch: 65537 }", 1, "training.batch"),
  (
    "training:\n  leaves: 24", 2,
    "training.leaves: expected a power of two from 1 to 128, the mini-batch, found 24: take 16"
  ),
  (
    "training: { leaves: 0 }", 1,
    "training.leaves: expected a power of two from 1 to 128, the mini-batch, found 0: take 1"
  ),
  ("training: { leaves: -8 }", 1, "training.leaves: expected a power of two from 1 to 128"),
  ("training: { leaves: 256 }", 1, "found 256: take 128"),
  ("training: { batch: 100, leaves: 128 }", 1, "from 1 to 100, the mini-batch, found 128: take 64"),
  ("training: { batch: 2, leaves: 16 }", 1, "training.leaves: expected a power of two from 1 to 8, found 16: take 8"),
  ("training: { epochs: 0 }", 1, "training.epochs"),
  ("training: { dropout: 1 }", 1, "training.dropout: expected 0 or more and below 1, found 1.0"),
  ("training: { dropout: -0.1 }", 1, "training.dropout"),
  ("solver: { learningRate: 0 }", 1, "solver.learningRate"),
  ("solver: { learningRate: -0.1 }", 1, "solver.learningRate"),
  ("solver: { momentum: 1 }", 1, "solver.momentum"),
  ("solver: { weightDecay: -1 }", 1, "solver.weightDecay"),
  ("schedule: { epochs: [4, 4] }", 1, "schedule.epochs: expected ascending epochs, found 4 before 4"),
  ("schedule: { epochs: [0] }", 1, "schedule.epochs"),
  ("schedule: { factor: 0.5 }", 1, "schedule.factor"),
  ("schedule: { kind: plateau, patience: 0 }", 1, "schedule.patience"),
  ("schedule: { kind: plateau, threshold: 1 }", 1, "schedule.threshold"),
  ("schedule: { kind: plateau, drops: -1 }", 1, "schedule.drops"),
  (
    "schedule: { kind: plateau }\ndata:\n  validation: 0", 3,
    """
    data.validation: a plateau is seen in validation images, found 0: put some aside, or use schedule.kind steps
    """
  ),
  ("data: { validation: -1 }", 1, "data.validation"),
  ("data: { directory: \"\" }", 1, "data.directory: expected a directory's path, found \"\""),
  ("data: { directory: \"a\\0b\" }", 1, "data.directory"),
  ("data: { scale: 0 }", 1, "data.scale"),
  ("augmentation: { padding: -1 }", 1, "augmentation.padding"),
  (
    "augmentation: { shorterSide: [30, 26] }", 1,
    "augmentation.shorterSide: expected the least and the greatest, or an empty list, found [30, 26]"
  ),
  ("augmentation: { shorterSide: [0, 30] }", 1, "augmentation.shorterSide"),
  ("augmentation: { shorterSide: [28] }", 1, "augmentation.shorterSide"),
  ("augmentation: { erasing: 1.5 }", 1, "augmentation.erasing"),
  (
    "augmentation: { color: 0.1 }", 1,
    "augmentation.color: expected 0, because this goes only with data.kind pack: leave it out"
  ),
  ("data: { kind: pack }", 1, "model.input: photographs have 3 channels, found 1"),
  ("recipe: photos\naugmentation: { padding: 2 }", 2, "augmentation.padding: photographs are cropped, not padded"),
  (
    "recipe: photos\ndata: { shorterSide: 100 }", 2,
    "data.shorterSide: expected 224, the network's input, to 16384, found 100"
  ),
  ("checkpoint: { keep: 0 }", 1, "checkpoint.keep"),
  ("checkpoint: { everyMinutes: -1 }", 1, "checkpoint.everyMinutes"),
  ("checkpoint: { everyIterations: -1 }", 1, "checkpoint.everyIterations"),
  ("model: { classes: 0 }", 1, "model.classes"),
  ("model: { initialSlope: 1000 }", 1, "model.initialSlope"),
  ("model: { initializer: fixed-5000 }", 1, "model.initializer"),
  (
    "model: { fullyConnectedDeviation: [-1, 0] }", 1,
    "model.fullyConnectedDeviation: expected 0.0 to 1000.0, found -1.0"
  ),
  ("model: { extraLayers: 2 }", 1, "model.extraLayers: fashion-6 takes no extra layers, found 2"),
  ("model: { input: { height: 2 } }", 1, "model: layer pool2: its 2×2 window does not fit a 1×14 map"),
])
func rangesAreChecked(yaml: String, line: Int, message: String) {
  let error = complaint(yaml)
  #expect(error?.kind == .invalidValue && error?.line == line, "\(yaml): \(error?.description ?? "nothing")")
  #expect(error?.description.contains(message) == true, "\(yaml): \(error?.description ?? "nothing")")
}

@Test func fieldsSetByACommandAreChecked() throws {
  var configuration = try Configuration.recipe(named: "fashion")
  configuration.solver.momentum = .nan
  let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
  #expect(error?.description == "solver.momentum: expected 0 or more and below 1, found nan")
}

@Test(arguments: [(1, 1), (1, 8), (2, 8), (7, 4), (128, 128), (100, 64), (65536, 65536)])
func aMiniBatchHasItsLeaves(batch: Int, leaves: Int) throws {
  let yaml = "training: { batch: \(batch), leaves: \(leaves) }"
  #expect(try Configuration(yaml: yaml, source: "a").training.leaves == leaves)
}

// MARK: - Differences

@Test func differencesAreSentences() throws {
  let former = try Configuration.recipe(named: "fashion")
  var now = former
  #expect(now.differences(from: former).isEmpty)

  // What a continued run may choose anew.
  now.recipe = "fashion-30"
  now.training.epochs = 3
  now.data.directory = "/elsewhere"
  now.checkpoint.everyIterations = 5
  now.checkpoint.everyMinutes = 0
  now.checkpoint.keep = 9
  #expect(now.differences(from: former).isEmpty)

  now.model.width = 24
  now.training.seed = 2
  now.training.dropout = 0.5
  #expect(
    now.differences(from: former) == [
      "model.width was 32 and is now 24", "training.seed was 1 and is now 2",
      "training.dropout was null and is now 0.5",
    ])

  var schedule = former
  schedule.schedule = .plateau(.init())
  let sentences = schedule.differences(from: former)
  #expect(sentences.contains("schedule.kind was steps and is now plateau"))
  #expect(sentences.contains("schedule.patience was not there and is now 3"))
  #expect(sentences.contains("schedule.epochs was [9, 12] and is now missing"))
}

/// A recipe that does not mention the precision may not change that of a continued run; an option may.
@Test func onlyAnOptionChangesThePrecision() throws {
  let former = try Configuration.recipe(named: "fashion")
  var now = former
  now.training.precision = .bfloat16
  #expect(now.differences(from: former) == ["training.precision was float32 and is now bfloat16"])
  #expect(now.differences(from: former, named: ["training.precision"]).isEmpty)
  now.training.seed = 2
  #expect(
    now.differences(from: former, named: ["training.precision", "training.seed"]) == [
      "training.seed was 1 and is now 2"
    ])
}

/// Checkpoints from before there was a choice of leaves have eight.
@Test func leavesAreADifference() throws {
  let former = try Configuration.recipe(named: "fashion")
  let older = try Configuration(json: former.json().replacingOccurrences(of: #""leaves":8,"#, with: ""))
  #expect(older == former && former.json().contains(#""leaves":8,"#))
  var now = former
  now.training.leaves = 32
  #expect(now.differences(from: older) == ["training.leaves was 8 and is now 32"])
}

@Test func everySettingThatMattersIsADifference() throws {
  let former = try Configuration(yaml: "schedule: { kind: plateau }", source: "a")
  // All but the free ones and the kinds of data and schedule: model 13, data 2, augmentation 2, training 4, solver 3,
  // schedule 4.
  let sentences = try unusual().differences(from: former)
  #expect(sentences.count == 28, "\(sentences)")
}

@Test func layersAreComparedOneByOne() throws {
  let former = try Configuration(yaml: ownLayers, source: "own.yaml")
  let now = try Configuration(
    yaml: ownLayers.replacingOccurrences(of: "kernel: 5", with: "kernel: 3"), source: "own.yaml")
  #expect(now.differences(from: former) == ["model.layers.1.convolution.kernel was 5 and is now 3"])
}
