import Configuration
import Foundation
import System
import TestSupport
import Testing

// A file goes on from a recipe.

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
