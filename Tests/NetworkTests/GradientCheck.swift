import Kernels
import Network
import Randomness
import System
import TestSupport
import Testing

/// One net whose gradients are checked: a layer to test between others, or layers alone.
///
/// The network gives no gradient of its input, so a layer that passes one down gets a convolution below it: its
/// gradient is wrong where what comes down to it is.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let architecture: Architecture
  var testDescription: String { architecture.name }

  /// Takes the layers as they are, with scores behind the last one if that does not give any.
  init(_ name: String, input: Extents, _ layers: [LayerDescription]) {
    var layers = layers
    let last = layers.last?.settings as? LayerDescription.FullyConnected
    if last?.activation != Activation.none || last?.dropout != 0 {
      layers.append(.fullyConnected(.init(name: "scores", outputs: 4, activation: .none)))
    }
    architecture = Architecture(name: name, input: input, layers: layers)
  }

  /// A layer of the tower on a map of these extents, which a convolution below it makes of an image of two channels.
  init(_ name: String, map: Extents, _ layer: LayerDescription) {
    self.init(
      name, input: Extents(channels: 2, height: map.height, width: map.width),
      [
        .convolution(.init(name: "below", filters: map.channels, kernel: 1, activation: .preluShared)),
        layer,
      ])
  }
}

/// Compares every tensor's gradient, as the network computes it in single precision, with central differences of the
/// mean loss of a network in Double.
///
/// The difference's own error: with the step h = 1e-6 rounding leaves about 1e-16/1e-6 of a gradient of 1e-3 to 1, and
/// h² of the curvature, at most 1e-7 in all. The network's: sums in single precision are good to 1e-7 to 1e-6 of a
/// tensor's norm, Winograd's products to 1e-5; the one coefficient of a shared PReLU is a sum whose terms cancel, and
/// was seen to lose 1.7e-5. A missing or wrong term of a formula changes a tensor's gradient by a percent or more. So
/// the bound is 1e-4 of the tensor's norm.
///
/// A seed is used only if no preactivation and no rival of a maximum is nearer than 1e-4 to its kink: neither the step
/// nor the rounding then crosses one. That none was crossed is checked too.
func checkGradients(
  _ test: GradientCase, rows: Int = 3, seed: UInt64 = 1, dropout: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let bound = 1e-4
  let step = 1e-6
  let margin = 1e-4
  let drawn = try #require(
    (seed..<seed + 400).lazy.map { try? GradientCheckData(test, rows: rows, seed: $0, dropout: dropout) }
      .first { $0.map { $0.center.kinks.margin > margin } ?? false } ?? nil,
    "\(test.architecture.name): no seed keeps away from kinks", sourceLocation: sourceLocation)
  let network = try LocalStep(test.architecture, rows: rows, leafSize: 2)
  for (place, value) in drawn.parameters.enumerated() { network.network.parameters.base[place] = Float(value) }
  let loss = network.lossAndGradient(
    drawn.images.joined().map { Float($0) }, labels: drawn.labels.map { Int32($0) }, dropout: drawn.reference.dropout)
  let name = "\(test.architecture.name), seed \(drawn.seed)"
  #expect(
    abs(loss - drawn.center.loss) < 1e-5 * drawn.center.loss, "\(name): loss \(loss), \(drawn.center.loss)",
    sourceLocation: sourceLocation)

  let branches = drawn.center.kinks.branches.finalize()
  for tensor in network.network.architecture.parameters {
    let places = drawn.sample(of: tensor)
    let differences = places.map { place in
      var parameters = drawn.parameters
      parameters[place] = drawn.parameters[place] + step
      let above = drawn.loss(parameters)
      parameters[place] = drawn.parameters[place] - step
      let below = drawn.loss(parameters)
      #expect(
        above.kinks.branches.finalize() == branches && below.kinks.branches.finalize() == branches,
        "\(name): the step crosses a kink", sourceLocation: sourceLocation)
      return (above.loss - below.loss) / (2 * step)
    }
    let gradients = places.map { Double(network.gradient.base[$0]) }
    let error = relativeError(gradients, differences)
    #expect(
      error < bound, "\(name): gradient of \(tensor.layer)/\(tensor.blob) is off by \(error)",
      sourceLocation: sourceLocation)
  }
}

/// A case with numbers: parameters, images, labels from a seed, all exact in single precision.
private struct GradientCheckData {
  let seed: UInt64
  let parameters: [Double]
  let images: [[Double]]
  let labels: [Int]
  let reference: ReferenceNetwork
  /// The loss of these parameters, and the kinks near them.
  let center: (loss: Double, kinks: Kinks)
  /// The elements of a tensor that are checked at most: enough to see a formula, few enough to wait for.
  private static let sampleSize = 48

  init(_ test: GradientCase, rows: Int, seed: UInt64, dropout: Bool) throws {
    let architecture = try test.architecture.resolved()
    var stream = RandomStream(seed: seed, purpose: .initialization, owner: 0)
    func gaussian(_ deviation: Double) -> Double { Double(Float(deviation * stream.gaussian())) }
    var parameters = [Double](repeating: 0, count: architecture.parameterVectorLength)
    for tensor in architecture.parameters {
      let fanIn = tensor.role == .weight ? tensor.count / tensor.shape[0] : 1
      for (number, place) in tensor.range.enumerated() {
        parameters[place] =
          switch tensor.role {
          case .weight: gaussian((2 / Double(fanIn)).squareRoot())
          case .bias: gaussian(0.3)
          // Ordinary, above 1 and negative ones: the range is not constrained.
          case .slope: [0.25, 1.5, -0.4][number % 3] + gaussian(0.05)
          }
      }
    }
    let exact = parameters.map { Double(Float($0)) }
    self.seed = seed
    self.parameters = exact
    images = (0..<rows).map { _ in (0..<architecture.input.count).map { _ in gaussian(1) } }
    labels = (0..<rows).map { _ in stream.uniform(below: architecture.classes) }
    reference = ReferenceNetwork(architecture, dropout: dropout ? DropoutIteration(seed: seed, iteration: 7) : nil)
    center = reference.loss(images, labels: labels) { exact[$0] }
  }

  func loss(_ parameters: [Double]) -> (loss: Double, kinks: Kinks) {
    reference.loss(images, labels: labels) { parameters[$0] }
  }

  /// Returns the elements of a tensor that are checked: all of a small one, or as many from all over a larger one.
  func sample(of tensor: ParameterDescription) -> [Int] {
    guard tensor.count > Self.sampleSize else { return Array(tensor.range) }
    var stream = RandomStream(seed: seed, purpose: .subset, owner: UInt64(tensor.offset))
    return stream.permutation(tensor.count).prefix(Self.sampleSize).map { tensor.offset + Int($0) }
  }
}
