import Configuration
import Testing

/// The settings of schedules that change with every step, and of regularization.
@Suite struct RegularizationSettingsTests {
  @Test func schedulesSurviveTexts() throws {
    for (text, expected) in [
      ("kind: cosine", .cosine(.init())),
      ("{ kind: cosine, epochs: 7, end: 0.001 }", .cosine(.init(epochs: 7, end: 0.001))),
      ("kind: polynomial", .polynomial(.init())),
      ("{ kind: polynomial, epochs: 3, end: 0.0001, power: 2 }", .polynomial(.init(epochs: 3, end: 0.0001, power: 2))),
    ] as [(String, Configuration.Schedule)] {
      let own = try Configuration(
        yaml: text.hasPrefix("{") ? "schedule: \(text)" : "schedule: { \(text) }", source: "x")
      #expect(own.schedule == expected)
      #expect(try Configuration(yaml: own.yaml(), source: "printed") == own)
      #expect(try Configuration(json: own.json()) == own)
    }
  }

  /// Texts of before these settings are read as before.
  @Test func olderTextsHaveTheDefaults() throws {
    var own = try Configuration.recipe(named: "fashion")
    #expect(own.warmUp == .none && own.regularization == .init() && own.solver.clipNorm == 0)
    var json = own.json()
    for part in [
      #""regularization":{"averageDecay":0,"cutMix":0,"labelSmoothing":0,"mixProbability":1,"mixup":0},"#,
      #""clipNorm":0,"clipValue":0,"#, #","warmUp":0,"warmUpStart":0.01"#,
    ] {
      #expect(json.contains(part), "\(json)")
      json = json.replacing(part, with: "")
    }
    own.recipe = "fashion"
    #expect(try Configuration(json: json) == own)
  }

  @Test(arguments: [
    (
      "regularization: { labelSmoothing: 1 }", "regularization.labelSmoothing",
      "expected 0 or more and below 1, found 1.0"
    ),
    ("regularization: { mixup: -1 }", "regularization.mixup", "expected 0 for none, or 0.001 to 1000, found -1.0"),
    ("regularization: { cutMix: 1e-9 }", "regularization.cutMix", "expected 0 for none, or 0.001 to 1000, found 1e-09"),
    ("regularization: { averageDecay: 1 }", "regularization.averageDecay", "expected 0 or more and below 1, found 1.0"),
    ("regularization: { mixProbability: 2 }", "regularization.mixProbability", "expected 0.0 to 1.0, found 2.0"),
    ("solver: { clipNorm: -1 }", "solver.clipNorm", "expected 0.0 to 1e+30, found -1.0"),
    ("schedule: { kind: cosine, end: 1 }", "schedule.end", "expected 0.0 to 0.02, found 1.0"),
    ("schedule: { kind: polynomial, power: -1 }", "schedule.power", "expected 0.0 to 100.0, found -1.0"),
    ("schedule: { kind: cosine, epochs: 0 }", "schedule.epochs", "expected 1 to 1000000, found 0"),
    (
      "schedule: { kind: cosine, epochs: 2, warmUp: 2 }", "schedule.warmUp",
      "expected less than the 2 epochs in which the rate falls, found 2.0"
    ),
    ("schedule: { warmUpStart: 1.5 }", "schedule.warmUpStart", "expected 0.0 to 1.0, found 1.5"),
  ]) func wrongValuesAreRefused(text: String, key: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) { try Configuration(yaml: text, source: "own.yaml") }
    #expect(error?.key == key && error?.problem == problem, "\(String(describing: error))")
  }

  /// The number of epochs may be chosen anew unless the rate falls over all of them.
  @Test func theLengthOfARunBelongsToItsFall() throws {
    func differences(_ schedule: String) throws -> [String] {
      let former = try Configuration(yaml: "schedule: \(schedule)", source: "x")
      var now = former
      now.training.epochs += 1
      return now.differences(from: former)
    }
    #expect(try differences("{ kind: cosine, epochs: 5 }").isEmpty)
    #expect(try differences("{ kind: steps, epochs: [3] }").isEmpty)
    let epochs = try Configuration.recipe(named: "fashion").training.epochs
    for kind in ["cosine", "polynomial"] {
      #expect(
        try differences("{ kind: \(kind) }") == ["training.epochs was \(epochs) and is now \(epochs + 1)"])
    }
  }
}
