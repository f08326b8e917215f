import Configuration
import Testing

/// Searches over settings.
@Suite struct SweepTests {
  @Test func aGridHasAllCombinations() throws {
    let sweep = try Sweep(
      yaml: """
        settings: { recipe: fashion, training: { epochs: 3 } }
        vary:
          solver.learningRate: [0.003, 0.03]
          augmentation.mirror: [true, false]
          model.activation: [relu]
        """, source: "sweep.yaml")
    #expect(sweep.paths == ["solver.learningRate", "augmentation.mirror", "model.activation"])
    #expect(
      sweep.runs.map(\.name) == [
        "1-learningRate=0.003,mirror=true,activation=relu", "2-learningRate=0.003,mirror=false,activation=relu",
        "3-learningRate=0.03,mirror=true,activation=relu", "4-learningRate=0.03,mirror=false,activation=relu",
      ])
    for run in sweep.runs {
      var expected = try Configuration.recipe(named: "fashion")
      expected.training.epochs = 3
      expected.model.activation = .relu
      expected.solver.learningRate = run.values[0] == "0.003" ? 0.003 : 0.03
      expected.augmentation.mirror = run.values[1] == "true"
      #expect(run.configuration == expected, "\(run.name)")
    }
  }

  /// Values merge with the settings around them, and with layers of one's own.
  @Test func valuesMergeWithTheSettings() throws {
    let sweep = try Sweep(
      yaml: """
        settings:
          model:
            input: { channels: 1, height: 28, width: 28 }
            layers: [fullyConnected: { name: fc, outputs: 10 }]
          regularization: { mixup: 0.5, labelSmoothing: 0.25 }
        vary: { regularization.mixup: [0], model.initialSlope: [0.5], schedule: [{ kind: cosine, warmUp: 1 }] }
        """, source: "sweep.yaml")
    let own = try #require(sweep.runs.first?.configuration)
    #expect(own.model.layers.count == 1 && own.model.initialSlope == 0.5)
    #expect(own.regularization.mixup == 0 && own.regularization.labelSmoothing == 0.25)
    #expect(own.schedule == .cosine(.init()) && own.warmUp.epochs == 1)
  }

  @Test func randomRunsAreDrawnBySeed() throws {
    func sweep(runs: Int, seed: Int) throws -> Sweep {
      try Sweep(
        yaml: """
          search: random
          runs: \(runs)
          seed: \(seed)
          vary:
            solver.learningRate: { from: 0.001, to: 0.1, scale: log }
            augmentation.erasing: { from: 0.25, to: 0.5 }
            training.batch: [32, 64, 128]
          """, source: "sweep.yaml")
    }
    let (few, many) = (try sweep(runs: 9, seed: 4), try sweep(runs: 90, seed: 4))
    #expect(few.runs.map(\.values) == many.runs.prefix(9).map(\.values))
    #expect(try sweep(runs: 9, seed: 5).runs.map(\.values) != few.runs.map(\.values))
    let settings = many.runs.map(\.configuration)
    #expect(settings.allSatisfy { (0.001...0.1).contains($0.solver.learningRate) })
    #expect(settings.allSatisfy { (0.25...0.5).contains($0.augmentation.erasing) })
    // Half of the rates lie below the middle of the logarithms.
    #expect((30...60).contains(settings.count { $0.solver.learningRate < 0.01 }))
    #expect(Set(settings.map(\.training.batch)) == [32, 64, 128])
    #expect(Set(many.runs.map(\.name)).count == 90 && many.runs[0].name.hasPrefix("01-learningRate="))
  }

  @Test(arguments: [
    ("vary: {}", "expected a group of settings with values, such as solver.learningRate: [0.01, 0.03], found"),
    ("settings: {}", "expected the key vary, found none: add it"),
    ("vary: { solver.rate: [1] }", "there is no such key. The keys here are learningRate"),
    ("vary: { solver.learningRate: [-1] }", "expected more than 0 and at most 1000, found -1.0"),
    ("vary: { solver.learningRate: 3 }", "expected a list of values, or a group of from, to and scale, found 3"),
    ("vary: { solver.learningRate: { from: 1, to: 2 } }", "expected a list of values, found a range"),
    ("{ search: random, vary: { training.batch: [1] } }", "expected the number of runs of a random search, found 0"),
    ("{ runs: 3, vary: { training.batch: [1] } }", "a grid has as many runs as combinations: leave it out"),
    (
      "{ search: random, runs: 1, vary: { solver.weightDecay: { from: 1e-310, to: 1e-309 } } }",
      "vary.solver.weightDecay: expected 0, or numbers of a size from 1e-150 to 1e150, found 1e-310"
    ),
    (
      "{ search: random, runs: 1, vary: { solver.weightDecay: { from: 1e-100, to: 1e200, scale: log } } }",
      "numbers of a size from 1e-150 to 1e150, found 1e+200"
    ),
    (
      "{ search: random, runs: 1, vary: { solver.momentum: { from: 0, to: 1, scale: log } } }",
      "expected from at most to, and above 0, found 0.0 and 1.0"
    ),
    ("{ search: random, runs: 20000, vary: { training.batch: [1] } }", "expected 1 to 10000 runs, found 20000"),
    ("vary: { .batch: [1] }", "expected the path of a setting, such as solver.learningRate"),
    ("vary: { training.batch.size: [1] }", "expected a whole number, found a group of keys"),
  ]) func wrongSweepsAreRefused(text: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) { try Sweep(yaml: text, source: "sweep.yaml") }
    #expect(error.map { "\($0)".contains(problem) } == true, "\(String(describing: error))")
  }
}
