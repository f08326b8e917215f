import Network
import Testing

/// Initial weights and dropout's masks, number by number, against another program's (`Tests/Golden/draws.py`): a change
/// of one of them changes every run's bits.
@Suite struct InitialDrawTests {
  private let seed: UInt64 = 0x0123_4567_89AB_CDEF

  @Test func weightsOfALayer() throws {
    let layers: [LayerDescription] = [
      .convolution(.init(name: "conv1", filters: 2, kernel: 1, activation: .relu)),
      .maxPooling(.init(name: "pool", size: 1, stride: 1)),
      .convolution(.init(name: "conv2", filters: 5, kernel: 1, activation: .relu)),
      .fullyConnected(.init(name: "scores", outputs: 2, activation: .none)),
    ]
    let network = try Architecture(name: "draws", input: .init(channels: 1, height: 1, width: 1), layers: layers)
      .resolved()
    var values = [Float](repeating: 0, count: network.parameterVectorLength)
    values.withUnsafeMutableBufferPointer {
      Initializer(rule: .fixed(0.5)).fill($0, for: network, seed: seed)
    }
    let weights = try #require(network.parameters.first { $0.layer == "conv2" && $0.role == .weight })
    #expect(weights.layerIndex == 2)
    #expect(
      values[weights.range] == [
        -0.3475739, 0.3591711, -0.010063312, -0.2325781, 0.11998617, -0.46173611, 0.063379325, 0.37330377, 0.2372849,
        -0.57848036,
      ])
  }

  /// Units that are all 1 pass through dropout to the scores: what comes out is the mask.
  @Test func masksOfAMiniBatch() throws {
    let (rows, units, share) = (3, 11, Float(0.3))
    let layers: [LayerDescription] = [
      .fullyConnected(.init(name: "ones", outputs: units, activation: .none, dropout: share)),
      .fullyConnected(.init(name: "scores", outputs: units, activation: .none)),
    ]
    let step = try LocalStep(
      Architecture(name: "draws", input: .init(channels: 1, height: 1, width: 1), layers: layers), rows: rows,
      leafSize: rows)
    for parameter in step.network.architecture.parameters {
      for (number, place) in parameter.range.enumerated() {
        step.network.parameters.base[place] =
          switch (parameter.layer, parameter.role) {
          case ("ones", .bias): 1
          case ("scores", .weight): number % units == number / units ? 1 : 0
          default: 0
          }
      }
    }
    let scores = step.forward([0, 0, 0], dropout: DropoutIteration(seed: seed, iteration: 5))
    let kept: [Float] = [
      1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1,
      1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1,
      1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0,
    ]
    #expect(scores == kept.map { $0 / (1 - share) })
  }
}
