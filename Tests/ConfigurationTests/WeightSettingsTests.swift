import Configuration
import Network
import Testing

/// The settings of weights that exist, and of layers that are frozen or have a rate of their own.
@Suite struct WeightSettingsTests {
  private let layers = """
    model:
      input: { channels: 3, height: 8, width: 8 }
      layers:
        - convolution: { name: conv1_1, filters: 3, kernel: 3 }
        - convolution: { name: conv1_2, filters: 3, kernel: 3 }
        - convolution: { name: conv2, filters: 3, kernel: 3 }
        - fullyConnected: { name: fc1, outputs: 4 }
        - fullyConnected: { name: fc2, outputs: 2 }
    """

  private func rates(_ training: String) throws -> [Float] {
    try Configuration(yaml: "\(layers)\ntraining: { \(training) }", source: "r.yaml").architecture().resolved()
      .layers.filter(\.hasWeights).map(\.rate)
  }

  @Test func patternsNameLayers() throws {
    #expect(try rates("epochs: 1") == [1, 1, 1, 1, 1])
    #expect(try rates("frozen: [conv1*]") == [0, 0, 1, 1, 1])
    #expect(try rates("frozen: [conv1_2, fc1], rates: { fc2: 10, conv*1: 0.5 }") == [0.5, 0, 1, 0, 10])
    #expect(try rates("frozen: [c*v*_*]") == [0, 0, 1, 1, 1])
    #expect(try rates("frozen: [\"\\u002a_2\"]") == [1, 0, 1, 1, 1])
    // Patterns that agree are no contradiction.
    #expect(try rates("frozen: [conv1*, conv*], rates: { conv2: 0, fc*: 2, fc1: 2 }") == [0, 0, 0, 2, 2])
  }

  @Test(arguments: [
    (
      "frozen: [conv3*]",
      """
      training.frozen: expected the name of a layer with weights, or a pattern such as conv1*, found "conv3*". There \
      are conv1_1, conv1_2, conv2, fc1, fc2.
      """
    ),
    (
      "frozen: [conv*], rates: { conv2: 2 }",
      """
      layer conv2: expected one rate from training.frozen and training.rates, found two, by conv* and conv2: take one \
      of them out, or name layers that only one of them fits
      """
    ),
    (
      "frozen: [conv*, fc*]",
      "training.frozen: expected at least one layer to train, found all 5 frozen: take one out"
    ),
    ("frozen: conv1", "training.frozen: expected a list of texts, found conv1"),
    ("rates: { fc1: fast }", "training.rates.fc1: expected a number, found fast"),
    ("rates: { fc1: -1 }", "training.rates.fc1: expected 0.0 to 1000.0, found -1.0"),
  ])
  func wrongPatternsAreNamed(training: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) { try rates(training) }
    #expect(error?.description.hasSuffix(problem) == true, "\(error?.description ?? "")")
  }

  @Test func settingsOfWeightsReadBack() throws {
    let configuration = try Configuration(
      yaml: """
        \(layers)
        data: { mean: [100, 110.5, 120] }
        training: { frozen: [conv*], rates: { "fc*": 2 } }
        weights:
          source: some file.safetensors
          map: { conv1_1: features.0, fc2: "head & more" }
          anew: [fc2]
          slopes: 0.1
          channels: bgr
          deviation: [58.4, 57.1, 57.4]
        """, source: "w.yaml")
    #expect(try Configuration(yaml: configuration.yaml(), source: "again.yaml") == configuration)
    #expect(try Configuration(json: configuration.json()) == configuration)
    #expect(configuration.weights.map == ["conv1_1": "features.0", "fc2": "head & more"])
    var other = configuration
    other.weights.digest = String(repeating: "a", count: 64)
    #expect(other.differences(from: configuration).isEmpty)
    other.training.rates = [:]
    other.training.frozen = ["fc*"]
    #expect(
      other.differences(from: configuration) == [
        #"training.frozen was ["conv*"] and is now ["fc*"]"#, "training.rates.fc* was 2.0 and is now missing",
      ])
  }

  @Test(arguments: [
    ("weights: { digest: abc }", "weights.digest: expected 64 hexadecimal digits, found \"abc\""),
    (
      "weights: { deviation: [1, 2] }",
      """
      weights.deviation: expected one number, or one for red, green and blue each, or an empty list, found 2
      """
    ),
    (
      "weights: { map: { conv2: '' } }",
      """
      weights.map: expected the name that conv2 has in the source, found an empty one: leave it out where the source \
      has the same name
      """
    ),
    ("weights: { channels: brg }", "weights.channels: expected one of rgb, bgr, found brg. Did you mean bgr?"),
    (
      "data: { mean: [1, 2] }",
      "data.mean: expected a number for each of the input's 3 channels, or an empty list, found 2"
    ),
  ])
  func wrongSettingsAreNamed(text: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(yaml: "\(layers)\n\(text)", source: "w.yaml")
    }
    #expect(error?.description.hasSuffix(problem) == true, "\(error?.description ?? "")")
  }
}
