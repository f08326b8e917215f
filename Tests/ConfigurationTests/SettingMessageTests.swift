import Configuration
import Testing

// Settings that are wrong are named with their line, and with what is right.

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
    "schedule.kind: expected one of plateau, steps, cosine, polynomial, found plateu. Did you mean plateau?"
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
  (
    "augmentation: { shorterSide: [1, 16384] }", 1,
    "augmentation.shorterSide: expected sizes that have at most 4194304 rows and columns in all, found 268451840 of "
      + "the sides from 1 to 16384: choose a narrower range or smaller sides"
  ), ("augmentation: { shorterSide: [1, 2048] }", 1, "found 4196352 of the sides from 1 to 2048"),
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
