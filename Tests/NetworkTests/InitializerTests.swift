import Glibc
import Network
import System
import Testing

#if canImport(Glibc)
  import Glibc
#endif

private func network(_ layers: LayerDescription..., input: Extents) throws -> ResolvedArchitecture {
  try Architecture(name: "test", input: input, layers: layers).resolved()
}

private func conv(
  _ name: String, _ filters: Int, kernel: Int = 3, activation: Activation = .relu
) -> LayerDescription {
  .convolution(.init(name: name, filters: filters, kernel: kernel, padding: kernel / 2, activation: activation))
}

private func fc(_ name: String, _ outputs: Int, _ activation: Activation = .none) -> LayerDescription {
  .fullyConnected(.init(name: name, outputs: outputs, activation: activation))
}

private func filled(
  _ initializer: Initializer, _ network: ResolvedArchitecture, seed: UInt64 = 1, initialSlope: Float = 0.25
) -> [Float] {
  var values = [Float](repeating: .nan, count: network.parameterVectorLength)
  values.withUnsafeMutableBufferPointer {
    initializer.fill($0, for: network, seed: seed, initialSlope: initialSlope)
  }
  return values
}

/// VGG's "model B" as the paper counts it: ten 3×3 convolutions.
private func vggB() throws -> ResolvedArchitecture {
  let filters = [64, 64, 128, 128, 256, 256, 512, 512, 512, 512]
  let convolutions = filters.enumerated().map { conv("conv\($0 + 1)", $1) }
  return try Architecture(
    name: "VGG B", input: Extents(channels: 3, height: 8, width: 8), layers: convolutions + [fc("fc", 10)]
  ).resolved()
}

// MARK: - Formulas

@Test func deviationsOfTheWorkedCheck() throws {
  let network = try vggB()
  let deviations = (0..<10).map { Initializer().standardDeviation(ofLayer: $0, in: network) }
  let printed = [0.059, 0.059, 0.042, 0.042, 0.029, 0.029, 0.021, 0.021, 0.021, 0.021]
  for (deviation, expected) in zip(deviations, printed) {
    #expect(abs(deviation - expected) < 0.0005)
  }
  // The gradient's deviation from conv10 to conv2 against a fixed 0.01: 1.7·10⁴ (section 2.2).
  let fixed = Initializer(rule: .fixed(0.01))
  let ratio = (1..<10).reduce(1.0) { $0 * deviations[$1] / fixed.standardDeviation(ofLayer: $1, in: network) }
  #expect(abs(ratio - 1.7e4) < 0.05e4, "\(ratio)")
}

@Test func deviationOfEachRule() throws {
  // n = 25·6 = 150, n̂ = 25·10 = 250.
  let network = try network(
    conv("c", 6), conv("d", 10, kernel: 5), fc("e", 20, .relu), fc("f", 7),
    input: Extents(channels: 1, height: 4, width: 4))
  func deviation(_ rule: Initializer.Rule) -> Double {
    Initializer(rule: rule).standardDeviation(ofLayer: 1, in: network)
  }
  #expect(deviation(.he(.forward)) == (2.0 / 150).squareRoot())
  #expect(deviation(.he(.backward)) == (2.0 / 250).squareRoot())
  #expect(deviation(.xavier(.forward)) == (1.0 / 150).squareRoot())
  #expect(deviation(.xavier(.backward)) == (1.0 / 250).squareRoot())
  #expect(deviation(.fixed(0.03)) == 0.03)
  // Layers: c, d, flatten, e, f. Fully connected: fixed, or the rule over 160 inputs and 20 outputs.
  #expect(Initializer().standardDeviation(ofLayer: 3, in: network) == 0.01)
  #expect(Initializer().standardDeviation(ofLayer: 4, in: network) == 0.001)
  let ruled = Initializer(rule: .he(.forward), fullyConnected: .rule)
  #expect(ruled.standardDeviation(ofLayer: 3, in: network) == (2.0 / 160).squareRoot())
  let backward = Initializer(rule: .he(.backward), fullyConnected: .rule)
  #expect(backward.standardDeviation(ofLayer: 3, in: network) == (2.0 / 20).squareRoot())
}

@Test func slopesEnterThePapersRuleOnly() throws {
  func deviation(_ activation: Activation, _ initializer: Initializer, slope: Double = 0.25) throws -> Double {
    let network = try network(
      conv("c", 8, activation: activation), fc("f", 2), input: Extents(channels: 2, height: 4, width: 4))
    return initializer.standardDeviation(ofLayer: 0, in: network, initialSlope: slope)
  }
  func expected(_ slope: Double) -> Double { (2 / ((1 + slope * slope) * 72)).squareRoot() }
  #expect(try deviation(.relu, Initializer()) == expected(0))
  #expect(try deviation(.lrelu, Initializer()) == expected(0.01))
  #expect(try deviation(.prelu, Initializer()) == expected(0.25))
  #expect(try deviation(.preluShared, Initializer(), slope: 0.5) == expected(0.5))
  #expect(try deviation(.none, Initializer()) == (1.0 / 72).squareRoot())
  #expect(try deviation(.prelu, Initializer(accountsForSlope: false)) == expected(0))
  #expect(try deviation(.prelu, Initializer(rule: .xavier(.backward))) == (1.0 / 72).squareRoot())
}

@Test func inputRangeFactorIsSharedByAllLayers() throws {
  let network = try vggB()
  let plain = Initializer()
  let scaled = Initializer(inputRangeFactor: true)
  let product = network.layers.indices.filter { network.layers[$0].hasWeights }.reduce(1.0) {
    $0 * scaled.standardDeviation(ofLayer: $1, in: network) / plain.standardDeviation(ofLayer: $1, in: network)
  }
  #expect(abs(product - 1.0 / 128) < 1e-12)
}

@Test func ruleNamesSurvive() {
  for name in Initializer.Rule.names + ["fixed-0.5", "fixed-1e-05"] {
    #expect(Initializer.Rule(name: name)?.name == name)
  }
  for name in ["he", "xavier", "fixed-", "fixed-0", "fixed--1", "fixed-nan", "fixed-inf", "He-backward", ""] {
    #expect(Initializer.Rule(name: name) == nil, "\(name)")
  }
}

// MARK: - Values

@Test(arguments: Initializer.Rule.names)
func measuredDeviationsAreTheFormulas(name: String) throws {
  let seed: UInt64 = 20_150_206
  let initializer = Initializer(rule: try #require(Initializer.Rule(name: name)))
  let network = try vggB()
  let values = filled(initializer, network, seed: seed)
  for parameter in network.parameters where parameter.role == .weight {
    let count = Double(parameter.count)
    let expected = initializer.standardDeviation(ofLayer: parameter.layerIndex, in: network)
    let weights = values[parameter.range].map(Double.init)
    let mean = weights.reduce(0, +) / count
    let measured = (weights.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
    // Standard errors of a Gaussian's mean and deviation: σ/√N and σ/√(2N).
    #expect(abs(mean) < 5 * expected / count.squareRoot(), "\(parameter.layer), seed \(seed)")
    #expect(
      abs(measured - expected) < 5 * expected / (2 * count).squareRoot(),
      "\(parameter.layer): \(measured) for \(expected), seed \(seed)")
  }
}

@Test func weightsAreGaussian() throws {
  let seed: UInt64 = 3
  let network = try network(
    conv("c", 64), conv("d", 512), fc("f", 2), input: Extents(channels: 1, height: 3, width: 3))
  let weights = network.parameters[2]
  let deviation = Initializer().standardDeviation(ofLayer: 1, in: network)
  let values = filled(Initializer(), network, seed: seed)[weights.range].map { Double($0) / deviation }
  let count = Double(values.count)
  for bound in [0.5, 1.0, 2.0, 3.0] {
    let expected = erf(bound / 2.0.squareRoot())
    let share = Double(values.count { abs($0) < bound }) / count
    // Five standard deviations of a binomial share.
    #expect(abs(share - expected) < 5 * (expected * (1 - expected) / count).squareRoot(), "\(bound), seed \(seed)")
  }
  // The four numbers of a block do not go together: covariance within 5/√(pairs) for each pair of places.
  for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
    let products = stride(from: 0, to: values.count, by: 4).map { values[$0 + first] * values[$0 + second] }
    let covariance = products.reduce(0, +) / Double(products.count)
    #expect(abs(covariance) < 5 / Double(products.count).squareRoot(), "\(first), \(second), seed \(seed)")
  }
}

@Test func everythingElseStartsAsItShould() throws {
  let network = try network(
    conv("c", 5, activation: .prelu), conv("d", 3, activation: .preluShared), fc("e", 3, .prelu), fc("f", 2),
    input: Extents(channels: 1, height: 4, width: 4))
  var gaps = filled(Initializer(), network, initialSlope: 0.3)
  for parameter in network.parameters {
    let values = gaps[parameter.range]
    switch parameter.role {
    case .weight: #expect(!values.contains(0))
    case .bias: #expect(values.allSatisfy { $0 == 0 })
    case .slope: #expect(values.allSatisfy { $0 == 0.3 })
    }
    gaps.replaceSubrange(parameter.range, with: repeatElement(0, count: parameter.count))
  }
  #expect(network.parameters.count { $0.role == .slope } == 3)
  #expect(gaps.allSatisfy { $0 == 0 })
}

@Test func valuesDependOnSeedLayerAndElementAlone() throws {
  let input = Extents(channels: 2, height: 6, width: 6)
  let network = try network(conv("c", 4), conv("d", 8), fc("f", 3), input: input)
  let values = filled(Initializer(), network)
  #expect(filled(Initializer(), network) == values)
  #expect(filled(Initializer(), network, seed: 2) != values)
  #expect(filled(Initializer(), network, seed: 1 << 32 | 1) != values)

  // Another first layer moves the second one's weights in the vector and leaves their values; more filters go on.
  let other = try Architecture(
    name: "other", input: input,
    layers: [conv("c", 4, kernel: 5, activation: .prelu), conv("d", 8), fc("f", 3)]
  ).resolved()
  let rearranged = filled(Initializer(), other)
  func weights(_ layer: String, _ network: ResolvedArchitecture, _ values: [Float]) throws -> [Float] {
    let parameter = try #require(network.parameters.first { $0.layer == layer && $0.role == .weight })
    return Array(values[parameter.range])
  }
  #expect(try weights("d", other, rearranged) == weights("d", network, values))
  #expect(try weights("c", other, rearranged) != weights("c", network, values))

  let first = try weights("c", network, values)
  let second = try weights("d", network, values)
  let scale = Float(2).squareRoot()
  #expect(zip(first, second).contains { abs($0 - $1 * scale) > 1e-4 }, "layers share their numbers")
}
