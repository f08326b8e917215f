import Configuration
import System
import Testing

/// Tests of the settings for classes of unequal size, `training.sampling` and `training.classWeights`.
@Suite struct ImbalanceSettingsTests {
  private typealias Weights = Configuration.Training.ClassWeights

  private func training(_ text: String) throws -> Configuration.Training {
    try Configuration(yaml: "training: { \(text) }", source: "a").training
  }

  @Test func theyAreReadFromYAMLAndWrittenBack() throws {
    #expect(try training("epochs: 2").sampling == .shuffled && training("epochs: 2").classWeights == .none)
    #expect(try training("sampling: shuffled").sampling == .shuffled)
    #expect(try training("sampling: balanced").sampling == .balanced)
    let named = Weights.named(["cat": 2, "a dog": 0.5, "3": 1.25])
    let cases: [(String, Weights)] = [
      ("none", .none), ("balanced", .balanced), ("\"balanced\"", .balanced),
      ("{ cat: 2, a dog: 0.5, 3: 1.25 }", named),
    ]
    for (text, weights) in cases {
      let configuration = try Configuration(
        yaml: "training: { sampling: balanced, classWeights: \(text) }", source: "a")
      #expect(configuration.training.classWeights == weights, "\(text)")
      #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
      #expect(try Configuration(json: configuration.json()) == configuration)
    }
    let lines = try Configuration(yaml: "training: { classWeights: { b: 2, a: 1 } }", source: "a").yaml()
    #expect(lines.contains("classWeights: { a: 1"), "\(lines)")
  }

  @Test(arguments: [
    ("sampling: balance", "training.sampling: expected one of shuffled, balanced, found balance. Did you mean"),
    ("classWeights: balancd", "expected none, balanced or a group of classes with weights, found balancd. Did you"),
    ("classWeights: [1, 2]", "expected none, balanced or a group of classes with weights, found a list"),
    ("classWeights: null", "expected none, balanced or a group of classes with weights, found"),
    ("classWeights: { cat: 0 }", "training.classWeights.cat: expected more than 0 and at most 1000000, found 0"),
    ("classWeights: { cat: -1 }", "training.classWeights.cat: expected more than 0 and at most 1000000, found -1"),
    ("classWeights: { cat: 1e7 }", "training.classWeights.cat: expected more than 0 and at most 1000000"),
    ("classWeights: { cat: much }", "training.classWeights.cat: expected a number, found much"),
  ])
  func wrongOnesAreNamed(text: String, message: String) {
    let error = complaint("training:\n  epochs: 2\n  \(text)")
    #expect(error?.line == 3 && error?.description.contains(message) == true, "\(error?.description ?? "nothing")")
  }

  /// A continued run keeps them, because other weights are another loss.
  @Test func theyAreDifferences() throws {
    let former = try Configuration.recipe(named: "fashion")
    var now = former
    now.training.sampling = .balanced
    now.training.classWeights = .named(["cat": 2])
    let sentences = now.differences(from: former)
    #expect(sentences.first == "training.sampling was shuffled and is now balanced", "\(sentences)")
    #expect(sentences.count > 1 && sentences[1].hasPrefix("training.classWeights"), "\(sentences)")
    // Checkpoints from before these settings have their defaults.
    let older = former.json().replacing(#""classWeights":"none","#, with: "")
      .replacing(#""sampling":"shuffled","#, with: "")
    #expect(try older != former.json() && Configuration(json: older) == former)
  }

  @Test func weightsOfClasses() throws {
    let (labels, names): ([Int32], _) = ([0, 0, 0, 1, 3, 3], ["cat", "dog", "elk", "fox"])
    func values(_ weights: Weights) throws -> [Double]? {
      try weights.values(labels: labels, classNames: names, path: "p.h5")
    }
    #expect(try values(.none) == nil)
    // scikit-learn's: images / (classes × images of the class), over the classes that are there.
    #expect(try values(.balanced) == [6.0 / 9, 2, 1, 1])
    #expect(try values(.named(["dog": 5, "fox": 0.5])) == [1, 5, 1, 0.5])
    let error = #expect(throws: Refusal.self) { try values(.named(["cat": 2, "fux": 1])) }
    #expect(
      error?.description
        == "p.h5: training.classWeights expects classes of these data, found \"fux\": did you mean fox?")
    let other = #expect(throws: Refusal.self) { try values(.named(["zebra": 1])) }
    #expect(other?.description.hasSuffix("found \"zebra\": name one of its classes") == true)
  }
}
