import Glibc
import Kernels
import Randomness

/// How weights start: zero-mean Gaussians whose standard deviation follows from the layer's extents.
///
/// A convolution with k×k filters, c input channels and d filters has n = k²c and n̂ = k²d. Biases start at 0, learned
/// activation coefficients at the initial slope. Source: the paper's section 2.2.
public struct Initializer: Codable, Equatable, Sendable {
  /// Which count of connections the deviation keeps the variance over.
  public enum Direction: String, Codable, Sendable {
    /// n: the responses keep their variance (Eqn 10).
    case forward
    /// n̂: the gradients keep theirs (Eqn 14).
    case backward
  }

  /// The standard deviation of a convolution's weights.
  public enum Rule: Codable, Hashable, Sendable {
    /// √(2/n): the paper's, made for rectifiers.
    case he(Direction)
    /// √(1/n): Glorot and Bengio's as the paper compares it, made for linear units.
    case xavier(Direction)
    /// The same for all.
    case fixed(Double)
  }

  /// The standard deviation of fully connected layers.
  public enum FullyConnected: Codable, Hashable, Sendable {
    case fixed(hidden: Double, last: Double)
    /// The convolutions' rule, with n inputs and n̂ outputs.
    case rule
  }

  public var rule: Rule
  /// Whether the paper's rule takes the activation's slope a for negative values into account: √(2/((1 + a²)n))
  /// (Eqn 15). a is 0 for ReLU, 0.01 for LReLU, the initial slope where it is learned, 1 without activation.
  public var accountsForSlope: Bool
  public var fullyConnected: FullyConnected
  /// Whether each of the L weight layers is scaled by (1/128)^(1/L), for inputs of about −128 to 128 that nothing
  /// else brings to unit range.
  public var inputRangeFactor: Bool

  public init(
    rule: Rule = .he(.backward), accountsForSlope: Bool = true,
    fullyConnected: FullyConnected = .fixed(hidden: 0.01, last: 0.001), inputRangeFactor: Bool = false
  ) {
    self.rule = rule
    self.accountsForSlope = accountsForSlope
    self.fullyConnected = fullyConnected
    self.inputRangeFactor = inputRangeFactor
  }
}

// MARK: - Names

extension Initializer.Rule {
  /// The names that people write. Any number above 0 may stand after `fixed-`.
  public static let names = ["he-backward", "he-forward", "xavier-backward", "xavier-forward", "fixed-0.01"]

  public init?(name: String) {
    switch name {
    case "he-backward": self = .he(.backward)
    case "he-forward": self = .he(.forward)
    case "xavier-backward": self = .xavier(.backward)
    case "xavier-forward": self = .xavier(.forward)
    default:
      guard name.hasPrefix("fixed-"), let deviation = Double(name.dropFirst(6)), deviation > 0, deviation.isFinite
      else { return nil }
      self = .fixed(deviation)
    }
  }

  public var name: String {
    switch self {
    case .he(let direction): "he-\(direction.rawValue)"
    case .xavier(let direction): "xavier-\(direction.rawValue)"
    case .fixed(let deviation): "fixed-\(deviation)"
    }
  }
}

// MARK: - Standard deviations

extension Initializer {
  /// The standard deviation of the weights of layer `index`, which must have weights.
  ///
  /// The layer's own activation gives the slope a. Where all activations are alike, as in the paper's networks, it is
  /// also the one before the layer, which the forward form asks about.
  public func standardDeviation(
    ofLayer index: Int, in network: ResolvedArchitecture, initialSlope: Double = 0.25
  ) -> Double {
    let layer = network.layers[index]
    precondition(layer.hasWeights, "layer \(layer.name) has no weights")
    let deviation: Double
    switch (layer.description, fullyConnected) {
    case (.fullyConnected, .fixed(let hidden, let last)):
      deviation = index == network.layers.count - 1 ? last : hidden
    case (let description, _):
      deviation = ruleDeviation(layer, slope: description.activation.initialSlope(learned: initialSlope))
    }
    guard inputRangeFactor else { return deviation }
    return deviation * pow(1.0 / 128, 1 / Double(network.weightLayerCount))
  }

  private func ruleDeviation(_ layer: ResolvedLayer, slope: Double) -> Double {
    func connections(_ direction: Direction) -> Double {
      let filter = layer.weightCount / layer.output.channels
      guard direction == .backward else { return Double(filter) }
      return Double(filter / layer.input.channels * layer.output.channels)
    }
    switch rule {
    case .he(let direction):
      let gain = accountsForSlope ? 2 / (1 + slope * slope) : 2
      return (gain / connections(direction)).squareRoot()
    case .xavier(let direction):
      return (1 / connections(direction)).squareRoot()
    case .fixed(let deviation):
      return deviation
    }
  }
}

extension Activation {
  /// The coefficient a of negative values at the start of training.
  public func initialSlope(learned: Double) -> Double {
    switch self {
    case .none: 1
    case .relu: 0
    case .lrelu: 0.01
    case .prelu, .preluShared: learned
    }
  }
}

// MARK: - Values

extension Initializer {
  /// Writes every parameter of `network`: weights from the Gaussian of their layer, biases 0, learned coefficients
  /// `initialSlope`, gaps 0.
  ///
  /// A weight depends on seed, layer and its own place in the layer alone, so parts may be filled anywhere in any order.
  ///
  /// - Parameters:
  ///   - parameters: The flat vector, `network.parameterVectorLength` floats.
  ///   - pool: what shares the work; the values do not depend on it.
  public func fill(
    _ parameters: UnsafeMutableBufferPointer<Float>, for network: ResolvedArchitecture, seed: UInt64,
    initialSlope: Float = 0.25, on pool: ThreadPool = ThreadPool(threads: 1)
  ) {
    precondition(
      parameters.count == network.parameterVectorLength,
      "\(parameters.count) floats for a network of \(network.parameterVectorLength)")
    parameters.update(repeating: 0)
    for tensor in network.parameters {
      let values = UnsafeMutableBufferPointer(rebasing: parameters[tensor.range])
      switch tensor.role {
      case .weight:
        let deviation = standardDeviation(
          ofLayer: tensor.layerIndex, in: network, initialSlope: Double(initialSlope))
        GaussianField(seed: seed, layer: tensor.layerIndex).fill(values, standardDeviation: deviation, on: pool)
      case .bias: break
      case .slope: values.update(repeating: initialSlope)
      }
    }
  }
}

/// The Gaussian numbers of one layer, addressed by element.
private struct GaussianField {
  private let generator: Philox
  private let layer: UInt32

  init(seed: UInt64, layer: Int) {
    generator = Philox(seed: seed)
    self.layer = UInt32(layer)
  }

  /// Elements that a thread fills at a time; a multiple of 4.
  private static let piece = 1 << 16

  func fill(_ values: UnsafeMutableBufferPointer<Float>, standardDeviation: Double, on pool: ThreadPool) {
    guard let base = values.baseAddress else { return }
    pool.parallelFor((values.count + Self.piece - 1) / Self.piece) { piece, _ in
      for first in stride(from: piece * Self.piece, to: min((piece + 1) * Self.piece, values.count), by: 4) {
        let four = self.four(first / 4) * standardDeviation
        for element in first..<min(first + 4, values.count) { base[element] = Float(four[element - first]) }
      }
    }
  }

  /// Elements 4·`block` … 4·`block` + 3 with standard deviation 1: Box and Muller's transform of two pairs.
  private func four(_ block: Int) -> SIMD4<Double> {
    let bits = generator.block(SIMD4(UInt32(block), layer, 0, RandomPurpose.initialization.rawValue))
    func pair(_ first: UInt32, _ second: UInt32) -> (Double, Double) {
      // The half keeps the logarithm's argument above 0 and below 1.
      let radius = (-2 * log((Double(first) + 0.5) * 0x1p-32)).squareRoot()
      let angle = 2 * .pi * Double(second) * 0x1p-32
      return (radius * cos(angle), radius * sin(angle))
    }
    let (a, b) = pair(bits[0], bits[1])
    let (c, d) = pair(bits[2], bits[3])
    return SIMD4(a, b, c, d)
  }
}
