import Kernels
import Randomness
import System

/// The start of the weights: zero-mean Gaussians whose standard deviation follows from the layer's extents.
///
/// An output channel of a layer sums over n weights, an input channel takes part in n̂: a convolution with k×k filters,
/// c input channels and d filters has n = k²c and n̂ = k²d. Biases start at 0, learned activation coefficients at the
/// initial slope. Source: the paper's section 2.2.
public struct Initializer: Codable, Equatable, Sendable {
  /// The count of connections over which the deviation keeps the variance.
  public enum Direction: String, Codable, Sendable {
    /// The count n, with which the responses keep their variance (Eqn 10).
    case forward
    /// The count n̂, with which the gradients keep their variance (Eqn 14).
    case backward
  }

  /// The standard deviation of a convolution's weights.
  public enum Rule: Codable, Hashable, Sendable {
    /// The paper's rule √(2/n), made for rectifiers.
    case he(Direction)
    /// Glorot and Bengio's rule √(1/n) as the paper compares it, made for linear units.
    case xavier(Direction)
    /// The same deviation for all layers.
    case fixed(Double)
  }

  /// The standard deviation of fully connected layers.
  public enum FullyConnected: Codable, Hashable, Sendable {
    /// One deviation for the hidden layers and one for the last layer.
    case fixed(hidden: Double, last: Double)
    /// The convolutions' rule, with n inputs and n̂ outputs.
    case rule
  }

  public var rule: Rule
  /// Whether the paper's rule takes the activation's slope a for negative values into account: √(2/((1 + a²)n))
  /// (Eqn 15). a is `Activation.fixedSlope`, or the initial slope if it is learned.
  public var accountsForSlope: Bool
  public var fullyConnected: FullyConnected
  /// Whether each of the L weight layers is scaled by (1/128)^(1/L), for inputs of about −128 to 128 that nothing else
  /// brings to unit range.
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
  /// The names that people write. `fixed-` takes any number above 0.
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
  /// The layer's own activation gives the slope a. If all activations are alike, as in the paper's networks, it is also
  /// the slope before the layer, which the forward form asks for.
  public func standardDeviation(
    ofLayer index: Int, in network: ResolvedArchitecture, initialSlope: Double = 0.25
  ) -> Double {
    let layer = network.layers[index]
    precondition(layer.hasWeights, "layer \(layer.name) has no weights")
    let deviation: Double
    if network.headLayers.contains(index), case .fixed(let hidden, let last) = fullyConnected {
      deviation = index == network.layers.count - 1 ? last : hidden
    } else {
      deviation = ruleDeviation(layer, slope: layer.description.activation.initialSlope(learned: initialSlope))
    }
    guard inputRangeFactor else { return deviation }
    return deviation * ElementaryFunctions.power(1.0 / 128, 1 / Double(network.weightLayerCount))
  }

  private func ruleDeviation(_ layer: ResolvedLayer, slope: Double) -> Double {
    // The weights that one channel of the output sums over, and those that one channel of the input takes part in.
    func connections(_ direction: Direction) -> Double {
      Double(layer.weightCount / (direction == .forward ? layer.output.channels : layer.input.channels))
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

// MARK: - Values

extension Initializer {
  /// Writes every parameter of `network`: weights from the Gaussian of their layer, biases 0, learned coefficients
  /// `initialSlope`, gaps 0.
  ///
  /// A weight depends only on seed, layer and its own place in the layer, so parts may be filled anywhere in any order.
  ///
  /// - Parameters:
  ///   - parameters: The flat vector, `network.parameterVectorLength` floats.
  ///   - pool: The threads that share the work; the values do not depend on them.
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
        let field = RandomField(seed: seed, purpose: .initialization, owner: UInt64(tensor.layerIndex))
        fill(values, with: field, standardDeviation: deviation, on: pool)
      case .bias: break
      case .slope: values.update(repeating: initialSlope)
      }
    }
  }

  private func fill(
    _ values: UnsafeMutableBufferPointer<Float>, with field: RandomField, standardDeviation: Double, on pool: ThreadPool
  ) {
    guard let base = values.baseAddress else { return }
    // Elements that a thread fills at a time; a multiple of the four numbers of a block.
    let piece = 1 << 16
    pool.parallelFor(values.count.dividedUp(by: piece)) { index, _ in
      for first in stride(from: index * piece, to: min((index + 1) * piece, values.count), by: 4) {
        let four = field.gaussians(UInt32(first / 4)) * standardDeviation
        for element in first..<min(first + 4, values.count) { base[element] = Float(four[element - first]) }
      }
    }
  }
}
