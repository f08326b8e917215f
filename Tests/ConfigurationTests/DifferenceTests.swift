import Configuration
import Foundation
import Testing

// The differences of a continued run's settings are sentences.

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
  // All but the free ones and the kinds of data and schedule: model 13, data 2, augmentation 2, training 4, solver 5,
  // schedule 6, regularization 5.
  let sentences = try unusualConfiguration().differences(from: former)
  #expect(sentences.count == 37, "\(sentences)")
}

@Test func layersAreComparedOneByOne() throws {
  let former = try Configuration(yaml: ownLayers, source: "own.yaml")
  let now = try Configuration(
    yaml: ownLayers.replacingOccurrences(of: "kernel: 5", with: "kernel: 3"), source: "own.yaml")
  #expect(now.differences(from: former) == ["model.layers.1.convolution.kernel was 5 and is now 3"])
}
