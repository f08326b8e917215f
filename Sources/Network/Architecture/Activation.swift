/// The function after a convolution or a fully connected layer.
public enum Activation: String, Codable, CaseIterable, Sendable {
  case none
  /// ReLU, max(0, y): PReLU with a = 0.
  case relu
  /// Leaky ReLU: PReLU with a = 0.01.
  case lrelu
  /// PReLU with one learned coefficient per channel (Eqn 1).
  case prelu
  /// PReLU with one learned coefficient per layer.
  case preluShared = "prelu-shared"

  /// Whether the coefficients are learned.
  public var isLearned: Bool { fixedSlope == nil }

  /// The coefficient a of Eqn 1, or nil if it is learned. With a = 1 the function is the identity.
  public var fixedSlope: Double? {
    switch self {
    case .none: 1
    case .relu: 0
    case .lrelu: 0.01
    case .prelu, .preluShared: nil
    }
  }

  /// The coefficient a of negative values at the start of training, `learned` if it is learned.
  public func initialSlope(learned: Double) -> Double { fixedSlope ?? learned }

  /// The number of learned coefficients of a layer with `channels` channels.
  public func parameterCount(channels: Int) -> Int {
    switch self {
    case .none, .relu, .lrelu: 0
    case .prelu: channels
    case .preluShared: 1
    }
  }
}

// MARK: - The coefficients of each channel

extension Activation {
  /// Writes a for each of `count` channels, of which `channels` are real, from the layer's own parameters.
  func expandSlopes(
    _ learned: UnsafePointer<Float>, channels: Int, count: Int, into slopes: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<count {
      slopes[channel] =
        if let fixedSlope {
          Float(fixedSlope)
        } else if self == .preluShared {
          learned[0]
        } else {
          channel < channels ? learned[channel] : 0
        }
    }
  }

  /// Writes the gradient of the learned coefficients from the channels' sums; a shared one adds over the channels
  /// (Eqn 2), in Double because there are thousands.
  func foldSlopeGradient(
    _ sums: UnsafePointer<Float>, channels: Int, into gradient: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .none, .relu, .lrelu: break
    case .prelu: for channel in 0..<channels { gradient[channel] = sums[channel] }
    case .preluShared: gradient[0] = Float((0..<channels).reduce(0.0) { $0 + Double(sums[$1]) })
    }
  }
}
