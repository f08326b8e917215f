extension Activation {
  /// a of Eqn 1 where it is not learned: 1 makes f the identity.
  var fixedSlope: Float {
    switch self {
    case .none: 1
    case .relu, .prelu, .preluShared: 0
    case .lrelu: 0.01
    }
  }

  /// Writes a for each of `count` channels, of which `channels` are real, from the layer's own parameters.
  func expandSlopes(
    _ learned: UnsafePointer<Float>, channels: Int, count: Int, into slopes: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<count {
      switch self {
      case .none, .relu, .lrelu: slopes[channel] = fixedSlope
      case .prelu: slopes[channel] = channel < channels ? learned[channel] : 0
      case .preluShared: slopes[channel] = learned[0]
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
